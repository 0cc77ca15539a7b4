"""What the text of a spec tells of its packages and of what it needs to be built, without expanding foreign code.

Approximate, and says where: a branch whose condition only rpm can decide is read as if taken, and what is found there
is not certain. Macros that generate packages or requirements (`%fontpkg`, `%generate_buildrequires`) are not expanded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.spec.condition import holds
from boatyard.spec.macro import Macros
from boatyard.spec.section import package_of
from boatyard.spec.token import Kind, definition_parts, tag_parts, tokenize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from boatyard.spec.token import Token, Tokens

REQUIRES = frozenset({"buildrequires", "buildprereq"})
TAGS = REQUIRES | {"provides", "name", "version", "release"}


@dataclass(frozen=True, slots=True)
class Stated:
    """The expanded value of a tag, or the name of a package. `line` counts from 1.

    `certain`: it stands in no branch that text cannot decide on, and nothing in it is left to rpm.
    """

    text: str
    line: int
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFacts:
    """`packages`: the binary packages by name, the main one first. `provides`, `requires`: values of tags, expanded.

    `requires` are those of the build. `dynamic`: the build itself finds more of them (%generate_buildrequires).
    """

    packages: tuple[Stated, ...]
    provides: tuple[Stated, ...]
    requires: tuple[Stated, ...]
    dynamic: bool


def read_facts(
    text: str,
    *,
    arch: str,
    name: str = "",
    defines: Mapping[str, str] | None = None,
    undefines: Collection[str] = (),
    with_: Collection[str] = (),
    without: Collection[str] = (),
) -> SpecFacts:
    """The facts of a spec for an architecture (rpm's name), built with these macros and conditionals.

    `name`: what the main package is likely called, where only rpm could tell (`%{goname}`).
    """
    macros = Macros()
    macros.define_all({"_arch": arch, "_target_cpu": arch, **(defines or {})})
    for macro in undefines:
        macros.undefine(macro)
    tokens = tokenize(text.partition("\n%changelog")[0])  # half of many a spec
    reader = _Reader(tokens, macros, arch, frozenset(with_), frozenset(without), name)
    for token in tokens.tokens:
        reader.read(token)
    return SpecFacts(
        packages=tuple(reader.packages),
        provides=tuple(reader.provides),
        requires=tuple(reader.requires),
        dynamic=reader.dynamic,
    )


@dataclass(slots=True)
class _Branch:
    """An %if that is open. `taken`: whether this branch is; `done`: whether an earlier one was. None: not known."""

    taken: bool | None
    done: bool | None


@dataclass(slots=True)
class _Reader:
    """Reads token after token; keeps what the next one's meaning depends on."""

    tokens: Tokens
    macros: Macros
    arch: str
    with_: frozenset[str]
    without: frozenset[str]
    likely_name: str = ""
    branches: list[_Branch] = field(default_factory=list)
    untaken: int = 0  # open branches that are not taken, and that may or may not be: looked at for each token
    doubtful: int = 0
    holds_tags: bool = True
    in_main: bool = True
    dynamic: bool = False
    packages: list[Stated] = field(default_factory=list)
    provides: list[Stated] = field(default_factory=list)
    requires: list[Stated] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        return not self.untaken and not self.doubtful

    def read(self, token: Token) -> None:
        kind = token.kind
        if kind is Kind.TEXT or (kind is Kind.TAG and token.name.lower() not in TAGS):
            return
        if kind is Kind.CONDITIONAL:
            self._condition(token.name, self.tokens.text_of(token))
        elif self.untaken:
            return
        elif kind is Kind.HEADER:
            self._section(token, self.tokens.lines[token.start])
        elif kind is Kind.DEFINITION:
            self._define(self.tokens.text_of(token))
        elif self.holds_tags and kind is Kind.TAG:
            self._tag(self.tokens.text_of(token), token.start + 1)
        elif self.holds_tags and kind is Kind.MACRO:
            self._call(token, self.tokens.text_of(token))

    def _condition(self, word: str, text: str) -> None:
        if word == "%endif":
            if self.branches:
                self._count(self.branches.pop(), -1)
            return
        expression = text.strip()[len(word) :].replace("\\\n", " ").strip()
        if word.startswith("%if"):
            taken = holds(word, expression, self.macros, self.arch)
            self.branches.append(_Branch(taken, taken))
            self._count(self.branches[-1], 1)
        elif self.branches:
            branch = self.branches[-1]
            self._count(branch, -1)
            here = word == "%else" or holds(word, expression, self.macros, self.arch)
            if branch.done is True or here is False:
                branch.taken = False
            else:
                branch.taken = here if branch.done is False else None
                branch.done = True if here is True else None
            self._count(branch, 1)

    def _count(self, branch: _Branch, change: int) -> None:
        self.untaken += change * (branch.taken is False)
        self.doubtful += change * (branch.taken is None)

    def _section(self, token: Token, text: str) -> None:
        name = token.name.lower()
        self.holds_tags = name == "%package"
        if name == "%generate_buildrequires":
            self.dynamic = True
        if name != "%package":
            return
        expanded = self.macros.expand(text.lstrip()[1:])  # without the percent sign of %package
        words = expanded.text.split()
        suffix = package_of(words)
        self.in_main = not suffix
        if suffix:
            main = self.macros.bodies.get("name", "")
            package = suffix if "-n" in words else f"{main}-{suffix}"
            self.packages.append(Stated(package, token.start + 1, self.certain and expanded.complete))

    def _define(self, text: str) -> None:
        parts = definition_parts(text)
        if parts is None:
            return
        name, options, body = parts
        if options:
            self.macros.hide(name)  # a macro with parameters
        elif text.lstrip().startswith("%global"):
            self._set(name, self.macros.expand(body.replace("\\\n", "\n")).text.strip())
        else:
            self._set(name, body.replace("\\\n", "\n").strip())

    def _set(self, name: str, body: str) -> None:
        """In a branch that may not be taken a macro has one body or the other; one that it has not yet is better."""
        if self.certain or name not in self.macros.bodies:
            self.macros.define(name, body)

    def _tag(self, text: str, line: int) -> None:
        parts = tag_parts(text)
        if parts is None:
            return
        name = parts[0].lower()
        if name not in TAGS:
            return
        expanded = self.macros.expand(parts[1])
        stated = Stated(expanded.text, line, self.certain and expanded.complete)
        if name in REQUIRES:
            self.requires.append(stated)
        elif name == "provides":
            self.provides.append(stated)
        elif self.in_main:
            if name == "name" and not expanded.complete and self.likely_name:
                stated = Stated(self.likely_name, line, certain=False)
            for macro in (name, name.upper()):
                self._set(macro, stated.text)
            if name == "name" and not self.packages:
                self.packages.append(stated)

    def _call(self, token: Token, text: str) -> None:
        """A macro that stands alone: %bcond_with, or a condition in braces around definitions and tags."""
        if token.name in ("bcond", "bcond_with", "bcond_without"):
            self._conditional_build(text.split())
            return
        if token.name == "undefine":
            for name in text.split()[1:]:
                self.macros.undefine(name) if self.certain else self.macros.hide(name)
            return
        expanded = self.macros.expand(text)
        for line in expanded.text.split("\n"):
            if line.lstrip().startswith(("%global", "%define")):
                self._define(line)
            elif not line.lstrip().startswith("%"):
                self._tag(line, token.start + 1)

    def _conditional_build(self, words: list[str]) -> None:
        """%bcond_with NAME is off, %bcond_without NAME on, %bcond NAME VALUE as it says, unless asked otherwise."""
        if len(words) < 2:
            return
        name = words[1]
        if name in self.with_ or name in self.without:
            on: bool | None = name in self.with_
        elif words[0] == "%bcond":
            on = holds("%if", " ".join(words[2:]), self.macros, self.arch)
        else:
            on = words[0] == "%bcond_without"
        if on is None or not self.certain:
            self.macros.hide(f"with_{name}")
        elif on:
            self.macros.define(f"with_{name}", "1")
        else:
            self.macros.undefine(f"with_{name}")
