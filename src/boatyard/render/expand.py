r"""Macros of a spec, expanded from its text alone: nothing is run, and no macro package of a host is looked at.

What cannot be known so (shell, Lua, macros the target distribution defines) expands to UNKNOWN, a character that no
spec holds. A macro that nobody defines stays as written, as rpm leaves it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "\0"
MAX_DEPTH = 24
MAX_STEPS = 50_000  # of a whole spec; hostile definitions double with every level
MAX_LENGTH = 64 << 10

# Sources that macro packages make up: addresses of archives.
ARCHIVES = {
    "pypi_source": f"https://{UNKNOWN}/{UNKNOWN}.tar.gz",
    "crates_source": f"https://{UNKNOWN}/{UNKNOWN}.crate",
    "forgesource": f"https://{UNKNOWN}/{UNKNOWN}.tar.gz",
    "gosource": f"https://{UNKNOWN}/{UNKNOWN}.tar.gz",
}
# Set by the target distribution, each in its own way, as are all names that begin with an underscore.
_DISTRIBUTION_NAMES = """
archivename azl centos dist distprefix eln el7 el8 el9 el10 epel extractdir fedora forgeurl gocommit gourl
python3_pkgversion python3_version python3_version_nodots rhel version_no_tilde
"""
DISTRIBUTION = frozenset(_DISTRIBUTION_NAMES.split())
_NAME = re.compile(r"%([A-Za-z_]\w{2,})", re.ASCII)
_CALL = re.compile(r"([?!]*)([A-Za-z_]\w*)(.*)", re.ASCII | re.DOTALL)
_CLOSING = {"{": "}", "(": ")", "[": "]"}


class Macros:
    """What is defined so far. A value of UNKNOWN means: defined or not, and as what, is not known."""

    def __init__(self, defined: Mapping[str, str]) -> None:
        self._bodies = {"nil": "", **defined}
        self._steps = 0

    def define(self, name: str, body: str, *, certain: bool = True) -> None:
        """A definition; one of a branch that may not be taken leaves the value unknown, unless it stays as it was."""
        if certain or self._bodies.get(name) == body:
            self._bodies[name] = body
        else:
            self._bodies[name] = UNKNOWN

    def undefine(self, name: str, *, certain: bool = True) -> None:
        if certain:
            self._bodies.pop(name, None)
        elif name in self._bodies:
            self._bodies[name] = UNKNOWN

    def has(self, name: str) -> bool:
        """Whether a macro was defined by the spec or from outside."""
        return name in self._bodies

    def is_defined(self, name: str) -> bool | None:
        """Whether a macro has a value; None when that is not known."""
        if name in self._bodies:
            return None if self._bodies[name] == UNKNOWN else True
        return None if name in DISTRIBUTION or name.startswith("_") or _base(name) in ARCHIVES else False

    def expand(self, text: str, depth: int = 0) -> str:
        """The text with its macros expanded; UNKNOWN in place of what cannot be known."""
        if "%" not in text:
            return text
        if depth > MAX_DEPTH:
            return UNKNOWN
        pieces: list[str] = []
        position = length = 0
        while position < len(text):
            self._steps += 1
            if self._steps > MAX_STEPS or length > MAX_LENGTH:
                return UNKNOWN
            piece, position = self._next(text, position, depth)
            pieces.append(piece)
            length += len(piece)
        return "".join(pieces)

    def _next(self, text: str, position: int, depth: int) -> tuple[str, int]:
        """The expansion of what stands at a position, and the position after it."""
        start = text.find("%", position)
        if start != position:
            end = len(text) if start < 0 else start
            return text[position:end], end
        following = text[position + 1 : position + 2]
        if following == "%":
            return "%", position + 2
        if following in _CLOSING and following:
            end = _closing(text, position + 1)
            if end < 0:
                return UNKNOWN, len(text)
            inner = text[position + 2 : end]
            return (self._call(inner, depth) if following == "{" else UNKNOWN), end + 1
        name = _NAME.match(text, position)
        if name:
            return self._value(name[1], name[0], depth), name.end()
        return "%", position + 1

    def _call(self, inner: str, depth: int) -> str:
        match = _CALL.fullmatch(inner)
        if match is None:
            return UNKNOWN
        flags, name, rest = match[1], match[2], match[3]
        if "?" in flags:
            return self._conditional(name, rest, negated="!" in flags, depth=depth)
        if name in ("with", "without"):
            enabled = self.is_defined(f"with_{rest.strip()}")
            return UNKNOWN if enabled is None else str(int(enabled is (name == "with")))
        if name in ("expand", "quote") and rest[:1] == ":":
            return self.expand(self.expand(rest[1:], depth + 1), depth + 1)
        if rest[:1] == ":":
            return UNKNOWN  # one of rpm's own functions
        return self._value(name, f"%{{{inner}}}", depth)

    def _conditional(self, name: str, rest: str, *, negated: bool, depth: int) -> str:
        defined = self.is_defined(name)
        if defined is None:
            return UNKNOWN
        if defined is negated:
            return ""
        if rest[:1] == ":":
            return self.expand(rest[1:], depth + 1)
        return "" if negated else self._value(name, "", depth)

    def _value(self, name: str, written: str, depth: int) -> str:
        if name in self._bodies:
            return self.expand(self._bodies[name], depth + 1)
        if _base(name) in ARCHIVES:
            return ARCHIVES[_base(name)]
        return UNKNOWN if self.is_defined(name) is None else written


def _base(name: str) -> str:
    """A macro's name without the number of the source it is for: `forgesource1` is `forgesource`."""
    return name.rstrip("0123456789")


def _closing(text: str, start: int) -> int:
    """The position of the bracket that closes the one at `start`; -1 when there is none."""
    opening, closing = text[start], _CLOSING[text[start]]
    depth = 0
    for position in range(start, len(text)):
        if text[position] == opening:
            depth += 1
        elif text[position] == closing:
            depth -= 1
            if depth == 0:
                return position
    return -1
