r"""A lossless tokenizer that follows rpm: macro definitions and multi-line macro calls are one token.

`tokenize(text)` cuts a text into tokens that together hold every line once, so `to_text` gives the same text back.
Where `spec.section` reads line by line, as overlays name things, this view knows that the `%package` inside

    %define add_flavour() \
    %package %{1} \
    %{nil}

is no section. Rules of rpm's parseSpec.c: a line goes on while `%{`, `%(` or `%[` is open, a definition or a
conditional also while lines end with a backslash; section headers are not indented; `%%` is no macro. A construct
that never closes is read as a single line, where rpm would stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from boatyard.spec.conditional import BRANCHES, CLOSING, OPENING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORDS = """
package prep generate_buildrequires conf build install check clean description files changelog pre post preun
postun pretrans posttrans preuntrans postuntrans verifyscript sepolicy patchlist sourcelist trigger triggerin
triggerun triggerprein triggerpostun filetrigger filetriggerin filetriggerun filetriggerpostun
transfiletrigger transfiletriggerin transfiletriggerun transfiletriggerpostun
"""
RPM_SECTIONS = frozenset(_WORDS.split())
DEFINITIONS = frozenset({"define", "global"})
CONDITIONALS = frozenset(word[1:] for word in (*OPENING, *BRANCHES, CLOSING))
# A hostile text may open a macro on every line and close none; each look ahead then reads to the end.
MAX_UNCLOSED = 16

_WORD = re.compile(r"%(\w+)(?=\s|$)", re.ASCII)
_SIMPLE_MACRO = re.compile(r"%%|%\{[^%{}()\[\]\\]*\}")
_BRACKETS = re.compile(r"\\.|%[%{(\[]|[{}()\[\]]")
_TAG = re.compile(r"\s*([A-Za-z]\w*(?:\([^()]*\))?)\s*:\s*(.*?)\s*\Z", re.ASCII | re.DOTALL)
_DEFINED = re.compile(r"\s*%(?:define|global)\s+(\w+)(\([^)]*\))?\s*(.*)\Z", re.ASCII | re.DOTALL)
_CLOSES = {"}": "{", ")": "(", "]": "["}


class Kind(Enum):
    """What a token is. TEXT is a run of lines of none of the other kinds (scripts, prose, comments, blank lines)."""

    TEXT = auto()
    HEADER = auto()
    TAG = auto()
    CONDITIONAL = auto()
    DEFINITION = auto()
    MACRO = auto()


@dataclass(slots=True)
class Token:
    """Lines [start, end), counted from 0. `name`: the section, tag, directive or macro; empty for TEXT.

    MACRO is a call that spans several lines, or that stands alone on a line where tags are read (it may expand to tags
    or to whole sections: `%fontpkg -a`).
    """

    kind: Kind
    start: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized text: its lines, split at newlines only, and its tokens."""

    lines: list[str]
    tokens: list[Token]

    def text_of(self, token: Token) -> str:
        return "\n".join(self.lines[token.start : token.end])

    def to_text(self) -> str:
        """The text as it was."""
        return "\n".join(self.text_of(token) for token in self.tokens)

    def named(self, kind: Kind) -> Iterable[Token]:
        return (token for token in self.tokens if token.kind is kind)


def tokenize(text: str) -> Tokens:
    """Cuts a spec into tokens; every text has tokens, also one that rpm would refuse."""
    return Tokens(lines := text.split("\n"), _Scanner(lines).scan())


def tag_parts(text: str) -> tuple[str, str] | None:
    """The (name, value) of a TAG token's text; the value may span lines."""
    match = _TAG.match(text)
    return (match[1], match[2]) if match else None


def definition_parts(text: str) -> tuple[str, str, str] | None:
    """The (name, options, body) of a DEFINITION token's text: `%global with_x(a:) 1` gives ("with_x", "(a:)", "1")."""
    match = _DEFINED.match(text)
    return (match[1], match[2] or "", match[3]) if match else None


class _Scanner:
    """One pass over the lines; keeps what the next line's meaning depends on."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.holds_tags = True
        self.unclosed = 0

    def scan(self) -> list[Token]:
        lines = self.lines
        tokens: list[Token] = []
        text_start = number = 0
        while number < len(lines):
            line = lines[number]
            if not self.holds_tags and "%" not in line:
                number += 1
                continue
            token = self._token(line, number)
            if token is None:
                number += 1
                continue
            if text_start < number:
                tokens.append(Token(Kind.TEXT, text_start, number))
            tokens.append(token)
            text_start = number = token.end
        if text_start < len(lines):
            tokens.append(Token(Kind.TEXT, text_start, len(lines)))
        return tokens

    def _token(self, line: str, number: int) -> Token | None:
        stripped = line.lstrip()
        if not stripped or stripped[0] == "#":
            return None
        if stripped[0] == "%" and (word := _WORD.match(stripped)):
            name = word[1].lower()
            if name in CONDITIONALS:
                return Token(Kind.CONDITIONAL, number, self._end(number, backslash=True), f"%{name}")
            if name in DEFINITIONS:
                end = self._end(number, backslash=True)
                parts = _DEFINED.match(line)
                return Token(Kind.DEFINITION, number, end, parts[1] if parts else "")
            if name in RPM_SECTIONS and stripped is line:
                self.holds_tags = name == "package"
                return Token(Kind.HEADER, number, self._end(number), word[0])
        end = self._end(number) if "%" in line else number + 1
        if self.holds_tags and (tag := _TAG.match(line)):
            return Token(Kind.TAG, number, end, tag[1])
        if end > number + 1 or (self.holds_tags and stripped[0] == "%"):
            return Token(Kind.MACRO, number, end, _macro_name(stripped))
        return None

    def _end(self, number: int, *, backslash: bool = False) -> int:
        """The line after the last one of the construct that starts here."""
        line = self.lines[number]
        if backslash and line.endswith("\\"):
            return self._closing(number, backslash=True)
        if "%{" not in line and "%(" not in line and "%[" not in line:
            return number + 1
        rest = _SIMPLE_MACRO.sub("", line)
        if "%{" not in rest and "%(" not in rest and "%[" not in rest:
            return number + 1
        return self._closing(number, backslash=backslash)

    def _closing(self, number: int, *, backslash: bool) -> int:
        depth = {"{": 0, "(": 0, "[": 0}
        if self.unclosed > MAX_UNCLOSED:
            return number + 1
        for current in range(number, len(self.lines)):
            line = self.lines[current]
            for match in _BRACKETS.finditer(line):
                _count(match[0], depth)
            goes_on = backslash and line.endswith("\\") and not line.endswith("\\\\")
            if not goes_on and not any(depth.values()):
                return current + 1
        self.unclosed += 1
        return number + 1


def _count(mark: str, depth: dict[str, int]) -> None:
    """Brackets count only inside a macro: a plain `(` opens nothing unless `%(` is open."""
    if len(mark) == 2:
        if mark[0] == "%" and mark[1] != "%":
            depth[mark[1]] += 1
    elif mark in depth:
        depth[mark] += depth[mark] > 0
    else:
        opening = _CLOSES[mark]
        depth[opening] -= depth[opening] > 0


def _macro_name(text: str) -> str:
    match = re.match(r"%\{?[?!]*(\w+)", text, re.ASCII)
    return match[1] if match else ""
