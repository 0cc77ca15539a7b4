"""Expands the simple macros of a spec by text alone: no shell, no Lua, no parameters, nothing of the host.

The answer is approximate by design: what the macro files of a distribution define is not known here. It is good enough
to tell names and requirements before anything is built; the truth comes from rpm in the buildroot. Text is hostile:
depth, steps and length are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# rpm's own, as far as names and requirements are made of them. Package names are wanted without the architecture.
USUAL = {
    "nil": "",
    "_isa": "",
    "_prefix": "/usr",
    "_bindir": "/usr/bin",
    "_sbindir": "/usr/bin",
    "_lib": "lib64",
    "_libdir": "/usr/lib64",
    "_libexecdir": "/usr/libexec",
    "_datadir": "/usr/share",
    "_includedir": "/usr/include",
    "_sysconfdir": "/etc",
    "_rpmconfigdir": "/usr/lib/rpm",
    "__python3": "/usr/bin/python3",
    "python3_pkgversion": "3",
    "ix86": "i386 i486 i586 i686 pentium3 pentium4 athlon geode",
    "x86_64": "x86_64 x86_64_v2 x86_64_v3 x86_64_v4 amd64 em64t",
    "arm": "armv5tel armv6hl armv7l armv7hl armv7hnl",
    "arm64": "aarch64",
    "power64": "ppc64 ppc64le",
    "riscv": "riscv32 riscv64 riscv128",
}
MAX_DEPTH = 16
MAX_STEPS = 2_000  # macros, for one text
MAX_LENGTH = 100_000  # characters of the result
MAX_WORK = 20_000_000  # characters for all texts of a spec together; a macro counts as STEP of them
STEP = 10

_NAME = re.compile(r"%([?!]{0,4})(\w+)", re.ASCII)
_BRACES = re.compile(r"([?!]{0,4})(\w+)(?::(.*))?", re.ASCII | re.DOTALL)
_TEST = re.compile(r"(with|without|defined|undefined)\s+(\w+)", re.ASCII)
_CLOSING = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Expanded:
    """`complete`: nothing is left in the text that only rpm can expand."""

    text: str
    complete: bool


class _TooMuchError(Exception):
    """The text would grow beyond the bounds."""


@dataclass(slots=True)
class Macros:
    """Macros by name, without parameters. `unknown` are defined by means that text does not show.

    `work`: what may still be spent; when it is used up texts stay as they are.
    """

    bodies: dict[str, str] = field(default_factory=lambda: dict(USUAL))
    unknown: set[str] = field(default_factory=set)
    work: int = MAX_WORK

    def define(self, name: str, body: str) -> None:
        self.bodies[name] = body
        self.unknown.discard(name)

    def define_all(self, bodies: Mapping[str, str]) -> None:
        for name, body in bodies.items():
            self.define(name, body)

    def hide(self, name: str) -> None:
        """The macro has, or may have, a body that is not known."""
        self.bodies.pop(name, None)
        self.unknown.add(name)

    def undefine(self, name: str) -> None:
        self.bodies.pop(name, None)
        self.unknown.discard(name)

    def expand(self, text: str) -> Expanded:
        """The text with macros expanded. `%{?name}` of a macro that nothing defines is empty, as with rpm."""
        if "%" not in text:
            return Expanded(text, complete=True)
        if self.work <= 0:
            return Expanded(text[:MAX_LENGTH], complete=False)
        expansion = _Expansion(self)
        try:
            return expansion.run(text)
        except _TooMuchError:
            return Expanded(text[:MAX_LENGTH], complete=False)
        finally:
            self.work -= expansion.length + STEP * expansion.steps


class _Expansion:
    """One expansion, within the bounds."""

    def __init__(self, macros: Macros) -> None:
        self.macros = macros
        self.steps = 0
        self.length = 0
        self.complete = True

    def run(self, text: str) -> Expanded:
        return Expanded(self._expand(text, 0), self.complete)

    def _expand(self, text: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise _TooMuchError
        parts: list[str] = []
        place = 0
        while (percent := text.find("%", place)) >= 0:
            parts.append(text[place:percent])
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise _TooMuchError
            found, place = self._macro(text, percent, depth)
            parts.append(found)
        parts.append(text[place:])
        result = "".join(parts)
        self.length += len(result)
        if self.length > MAX_LENGTH:
            raise _TooMuchError
        return result

    def _macro(self, text: str, percent: int, depth: int) -> tuple[str, int]:
        """What the macro at a percent sign gives, and where the text goes on."""
        after = text[percent + 1 : percent + 2]
        if after == "%":
            return "%", percent + 2
        if after in _CLOSING:
            end = _end_of(text, percent + 1)
            whole = text[percent:end]
            if after != "{" or not whole.endswith("}"):
                return self._left(whole), end
            return self._braces(whole, depth), end
        match = _NAME.match(text, percent)
        if match is None:
            return "%", percent + 1
        return self._named(match[0], match[1], match[2], None, depth), match.end()

    def _braces(self, whole: str, depth: int) -> str:
        inner = whole[2:-1]
        if test := _TEST.fullmatch(inner.strip()):
            return self._test(whole, test[1], test[2])
        match = _BRACES.fullmatch(inner)
        if match is None:
            return self._left(whole)
        if match[2] == "expand" and match[3] is not None and not match[1]:
            return self._expand(self._expand(match[3], depth + 1), depth + 1)
        return self._named(whole, match[1], match[2], match[3], depth)

    def _named(self, whole: str, marks: str, name: str, body: str | None, depth: int) -> str:
        if name in self.macros.unknown:
            return self._left(whole)
        known = self.macros.bodies.get(name)
        if "?" in marks:
            wanted = (known is None) == (marks.count("!") % 2 == 1)
            if not wanted:
                return ""
            if body is not None:
                return self._expand(body, depth + 1)
            return "" if known is None else self._expand(known, depth + 1)
        return self._left(whole) if known is None or body is not None else self._expand(known, depth + 1)

    def _test(self, whole: str, word: str, name: str) -> str:
        macro = f"with_{name}" if word.startswith("with") else name
        if macro in self.macros.unknown:
            return self._left(whole)
        return str(int((macro in self.macros.bodies) == (word in ("with", "defined"))))

    def _left(self, whole: str) -> str:
        self.complete = False
        return whole


def _end_of(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; the end of the text when none does."""
    opening = text[start]
    closing = _CLOSING[opening]
    depth = 0
    for place in range(start, len(text)):
        if text[place] == opening:
            depth += 1
        elif text[place] == closing:
            depth -= 1
            if not depth:
                return place + 1
    return len(text)
