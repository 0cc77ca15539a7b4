r"""Regular expressions with the meaning of Go's RE2, which the azldev format is defined by.

Python's `re` reads some of them differently (`$` before a final newline, `\s` with a vertical tab, `{,5}`, possessive
`x*+`, an empty match right after another) and can take exponential time, so Google's RE2 does the work: linear time
and Go's syntax. What RE2 accepts and Go does not (`\C`, a name for two groups) is refused here.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import Any

# One search is linear in pattern times text; these two bounds keep it within seconds, measured on 300 kB of text.
LARGE_PROGRAM = 1_000
MAX_WORK = 250_000_000
# Many matches that each look ahead to the end are quadratic also in RE2.
MAX_SECONDS = 5.0
# Of all the lines or files that one overlay is about.
MAX_SECONDS_TOGETHER = 60.0

_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTED_OR_ESCAPE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.", re.DOTALL)
_NAMED_GROUP = re.compile(r"\(\?P?<(\w+)>")


class RegexError(ValueError):
    """A pattern that RE2 refuses, or one that takes too long; the message says why."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern."""

    pattern: str
    _compiled: Any

    def search(self, text: str) -> bool:
        """Whether it matches somewhere in the text; RegexError when pattern and text are too large together."""
        size = self._compiled.programsize
        if size > LARGE_PROGRAM and size * len(text) > MAX_WORK:
            raise RegexError(f"the pattern is too large ({size} steps) for a text of {len(text)} characters")
        return self._compiled.search(text if text.isascii() else _SURROGATE.sub("\ufffd", text)) is not None

    def replace_all(self, text: str, replacement: str, *, seconds: float = MAX_SECONDS, until: float = math.inf) -> str:
        """The text with every match replaced, literally: `$1` and a backslash mean themselves.

        Text is UTF-8 decoded with surrogateescape; a byte that is no UTF-8 matches as U+FFFD, and stays as it is
        where it is not replaced. RegexError when it takes longer than `seconds`, or goes on after `until` (of
        time.monotonic): a bound for many texts together.
        """
        subject = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
        size = self._compiled.programsize
        if size > LARGE_PROGRAM and size * len(subject) > MAX_WORK:
            raise RegexError(f"the pattern is too large ({size} steps) for a text of {len(subject)} characters")
        deadline = min(time.monotonic() + seconds, until)
        pieces: list[str] = []
        end, last_end = 0, -1
        for match in self._compiled.finditer(subject):
            start, stop = match.span()
            if start == stop == last_end:
                continue  # Go ignores an empty match that touches the one before
            pieces += (text[end:start], replacement)
            end = last_end = stop
            if time.monotonic() > deadline:
                raise RegexError("replacing takes too long")
        return "".join(pieces) + text[end:] if pieces else text


def end_of_patience() -> float:
    """The `until` of what begins now."""
    return time.monotonic() + MAX_SECONDS_TOGETHER


def compile_regex(pattern: str) -> Regex:
    """The pattern, ready to use; RegexError when Go would refuse it."""
    import re2

    if any(match[0] == r"\C" for match in _QUOTED_OR_ESCAPE.finditer(pattern)):
        raise RegexError(r"invalid escape sequence: \C")
    names = _NAMED_GROUP.findall(_QUOTED_OR_ESCAPE.sub("", pattern))
    if len(set(names)) < len(names):
        raise RegexError("duplicate capture group name")
    options = re2.Options()
    options.log_errors = False
    try:
        return Regex(pattern, re2.compile(pattern, options))
    except re2.error as error:
        raise RegexError(_reason(error)) from None
    except UnicodeEncodeError:
        raise RegexError("the pattern is not UTF-8") from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
