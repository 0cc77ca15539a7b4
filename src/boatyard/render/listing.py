"""The files a spec names: its Source and Patch tags and the lines of %sourcelist and %patchlist, macros expanded.

Read from the text alone. A branch that may or may not be taken on the target counts as taken, so the list never lacks
a file, and may hold one too many.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from boatyard.render.condition import truth
from boatyard.render.expand import UNKNOWN, Macros
from boatyard.spec.token import Kind, Token, Tokens, definition_parts, tag_parts, tokenize

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES_FILE = re.compile(r"(source|patch)\d*", re.IGNORECASE | re.ASCII)
_LISTS = ("%sourcelist", "%patchlist")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BCOND = re.compile(r"%bcond(_with|_without|)\s+([A-Za-z_]\w*)\s*(.*)", re.ASCII | re.DOTALL)
_UNDEFINE = re.compile(r"%undefine\s+(\w+)", re.ASCII)


@dataclass(slots=True)
class Branch:
    """A conditional being read: whether its current branch is taken, and whether an earlier one was."""

    taken: bool | None
    earlier: bool | None


def listed_files(text: str, defined: Mapping[str, str]) -> list[str]:
    """The name of every file of a spec, relative to its folder, in order; `defined`: macros set from outside.

    An address gives the last part of its path. UNKNOWN stands for text that depends on the target distribution; what
    no one defines stays as `%{name}`.
    """
    return [name for value in _Reader(tokenize(text), defined).read() if (name := file_name(value))]


def file_name(value: str) -> str:
    """What a tag's value names: the last part of an address' path, or a relative path; "" for one that leads away."""
    value = value.strip()
    if "://" in value:
        name = posixpath.basename(_path(value).rstrip("/"))
        return "" if name in (".", "..") else name
    path = posixpath.normpath(value) if value else ""
    return "" if path in (".", "..") or path.startswith(("/", "../")) else path


def _path(address: str) -> str:
    """The path of an address, unescaped; all of an address that is malformed."""
    if _BAD_ESCAPE.search(address):
        return address
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return address


class _Reader:
    """One pass over a spec, with the macros defined so far and the conditionals that are open."""

    def __init__(self, tokens: Tokens, defined: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._macros = Macros(defined)
        self._open: list[Branch] = []
        self._in_list = False
        self._in_preamble = True
        self._found: list[str] = []

    def read(self) -> list[str]:
        for token in self._tokens.tokens:
            text = self._tokens.text_of(token)
            if token.kind is Kind.CONDITIONAL:
                self._conditional(token, text)
            elif self._taken() is not False:
                self._content(token, text)
        return self._found

    def _content(self, token: Token, text: str) -> None:
        if token.kind is Kind.HEADER:
            self._in_list = token.name.lower() in _LISTS
            self._in_preamble = False
        elif token.kind is Kind.DEFINITION:
            self._define(text)
        elif token.kind is Kind.TAG:
            self._tag(text)
        elif token.kind is Kind.MACRO:
            self._macro(text)
        elif self._in_list:
            lines = (line.strip() for line in text.split("\n"))
            self._found += [self._macros.expand(line) for line in lines if line and not line.startswith("#")]

    def _taken(self) -> bool | None:
        states = [branch.taken for branch in self._open]
        return False if False in states else None if None in states else True

    def _conditional(self, token: Token, text: str) -> None:
        if token.name == "%endif":
            if self._open:
                self._open.pop()
        elif token.name in ("%else", "%elif", "%elifarch", "%elifos"):
            if self._open:
                branch = self._open[-1]
                earlier = _any(branch.earlier, branch.taken)
                own = self._condition(token, text) if token.name != "%else" else True
                branch.earlier = earlier
                branch.taken = False if earlier or own is False else None if earlier is None or own is None else True
        else:
            self._open.append(Branch(self._condition(token, text), False))

    def _condition(self, token: Token, text: str) -> bool | None:
        """Whether a branch is taken; what asks for the architecture or the system is not known."""
        if token.name not in ("%if", "%elif"):
            return None
        words = text.replace("\\\n", " ").split(None, 1)
        return truth(self._macros.expand(words[1])) if len(words) > 1 else None

    def _define(self, text: str) -> None:
        parts = definition_parts(text.replace("\\\n", "\n"))
        if parts is None:
            return
        name, options, body = parts[0], parts[1], parts[2].rstrip()
        if options:
            body = UNKNOWN  # what it gives depends on its arguments
        elif text.lstrip().startswith("%global"):
            body = self._macros.expand(body)
        self._macros.define(name, body, certain=self._taken() is True)

    def _tag(self, text: str) -> None:
        parts = tag_parts(text)
        if parts is None:
            return
        name, value = parts[0], self._macros.expand(parts[1])
        if _NAMES_FILE.fullmatch(name):
            self._found.append(value)
        elif self._in_preamble:
            self._macros.define(name.lower(), value, certain=self._taken() is True)

    def _macro(self, text: str) -> None:
        """A call that stands alone: a build conditional, or what expands to definitions or tags."""
        certain = self._taken() is True
        if bcond := _BCOND.fullmatch(text.strip()):
            enabled = self._bcond(bcond[1], bcond[2], bcond[3])
            if enabled is not False:
                self._macros.define(f"with_{bcond[2]}", "1", certain=certain and enabled is True)
        elif undefined := _UNDEFINE.fullmatch(text.strip()):
            self._macros.undefine(undefined[1], certain=certain)
        else:
            for line in self._macros.expand(text).split("\n"):
                if definition_parts(line):
                    self._define(line)
                elif UNKNOWN not in line:
                    self._tag(line)

    def _bcond(self, kind: str, name: str, default: str) -> bool | None:
        """Whether a build conditional is on: as `--with` and `--without` say, else its default."""
        if self._macros.has(f"_with_{name}"):
            return True
        if self._macros.has(f"_without_{name}"):
            return False
        return truth(self._macros.expand(default)) if not kind else kind == "_without"


def _any(left: bool | None, right: bool | None) -> bool | None:
    return True if left or right else None if left is None or right is None else False
