"""Requirements as RPM writes them: lists of capabilities with versions, and rich ones in parentheses.

Versions are left aside: which component makes a package does not depend on them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 20
_SPACE = re.compile(r"[\s,]+")
_VERSION = re.compile(r"\s*(?:<=|>=|==|[<>=])\s*[^\s,]+")
_VERSION_WORDS = frozenset({"<", ">", "=", "<=", ">=", "=="})
# rpm's rich dependencies (rpm.org, "Boolean dependencies"): what stands behind these is a condition, not a need.
_CONDITIONS = frozenset({"if", "unless", "without"})
_LINKS = frozenset({"and", "or", "with"})


def split_requirements(value: str) -> list[str]:
    """The requirements in the value of a tag: `a >= 1, b (c or d)` holds three."""
    found: list[str] = []
    place = 0
    while True:
        if space := _SPACE.match(value, place):
            place = space.end()
        if place >= len(value):
            return found
        end = _word_end(value, place)
        if version := _VERSION.match(value, end):
            end = version.end()
        found.append(value[place:end])
        place = end


def capabilities(requirement: str) -> tuple[tuple[str, ...], ...]:
    """What a requirement asks for: of each group any one capability, by name; empty for one that cannot be read.

    `a >= 1` is ((a,),), `(a or b)` ((a, b),), `(a and b if c)` ((a,), (b,)).
    """
    text = requirement.strip()
    if not text.startswith("("):
        name = text.split(None, 1)[0] if text else ""
        return ((name,),) if name else ()
    try:
        return tuple(_rich(text, 0))
    except ValueError:
        return ()


def _word_end(value: str, place: int) -> int:
    """The end of a name, or of a rich requirement with all that is in it."""
    rich = value[place] == "("
    depth = 0
    for at in range(place, len(value)):
        char = value[at]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if rich and depth <= 0:
                return at + 1
        elif not rich and (char.isspace() or char == ","):
            return at
    return len(value)


def _rich(text: str, depth: int) -> list[tuple[str, ...]]:
    """The groups of a rich requirement, its parentheses included; ValueError for what is none."""
    if depth > MAX_DEPTH or len(text) < 2 or not text.endswith(")"):
        raise ValueError(text)
    operands: list[list[tuple[str, ...]]] = []
    is_or = False
    for word in _words(text[1:-1]):
        if word in _CONDITIONS:
            break
        if word in _LINKS:
            is_or = word == "or"
            continue
        operands.append(_rich(word, depth + 1) if word.startswith("(") else [(word,)])
    if not operands:
        raise ValueError(text)
    if is_or:
        return [tuple(dict.fromkeys(name for operand in operands for group in operand for name in group))]
    return [group for operand in operands for group in operand]


def _words(text: str) -> Iterator[str]:
    """Names, operators and nested requirements, without versions."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        end = _word_end(text, place)
        if end == place:
            raise ValueError(text)
        word = text[place:end]
        place = end
        if word in _VERSION_WORDS:
            rest = text[place:].lstrip()
            place = len(text) - len(rest) + _word_end(rest, 0) if rest else len(text)
        else:
            yield word
