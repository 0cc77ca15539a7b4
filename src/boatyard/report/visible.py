"""Text of a guest as it can be shown: what moves cursors, hides or reorders is made visible, and lengths have an end.

The result holds no character that XML 1.0 forbids, so it fits a page, a terminal and JUnit's XML alike.
"""

from __future__ import annotations

import re
import unicodedata

MAX_LINE = 500
MAX_BLOCK = 8000
# Colours and cursor movements (ECMA-48, 5.4: CSI, parameters, intermediates, final), which consoles are full of.
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LINE_END = re.compile(r"\r{1,3}\n")
_UNUSUAL = re.compile(r"[^ -~]+")
_UNUSUAL_IN_BLOCK = re.compile(r"[^\n\t -~]+")
# Marks on top of one letter: more than a few paint over the lines around them.
MAX_MARKS = 4
PLAIN = {"\n": "↵", "\t": " "}


def visible_line(text: str, limit: int = MAX_LINE) -> str:
    """At most `limit` characters on one line: a line feed is shown as ↵, a right-to-left override as ‹U+202E›."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _UNUSUAL.sub(_shown, cut)


def visible_block(text: str, limit: int = MAX_BLOCK) -> str:
    """Lines, without the colours of terminals. Of a longer text about `limit` characters, half of them from its end."""
    plain = _SEQUENCE.sub("", _LINE_END.sub("\n", text))
    if len(plain) > limit:
        half = limit // 2
        count = len(plain) - 2 * half
        plain = f"{plain[:half]}\n… {count} characters are left out here …\n{plain[-half:]}"
    return _UNUSUAL_IN_BLOCK.sub(_shown, plain)


def _shown(found: re.Match[str]) -> str:
    marks = 0
    pieces = []
    for char in found[0]:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if char.isprintable() and marks <= MAX_MARKS:
            pieces.append(char)
        else:
            pieces.append(PLAIN.get(char) or (" " if category == "Zs" else f"‹U+{ord(char):04X}›"))
    return "".join(pieces)
