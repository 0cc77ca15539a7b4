"""Sections as the azldev format sees them: line by line, no continuation lines, macros or conditionals.

Overlays name sections by this view, so it stays exactly as the format defines it, also where rpm differs: `%verify`
is a section and `%verifyscript` is none, and `%files devel` and `%files -n devel` are the same section. The view
that follows rpm is `spec.token`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORDS = """
%package %prep %conf %build %install %check %clean %generate_buildrequires %pre %post %preun %postun %pretrans
%posttrans %preuntrans %postuntrans %verify %triggerin %triggerun %triggerprein %triggerpostun %filetriggerin
%filetriggerun %filetriggerpostun %transfiletriggerin %transfiletriggerun %transfiletriggerpostun %description
%files %changelog %patchlist %sourcelist
"""
SECTION_NAMES = frozenset(_WORDS.split())
PACKAGELESS = frozenset({"%changelog", "%patchlist", "%sourcelist"})
OPTIONS_WITH_ARGUMENT = frozenset({"-f", "-p", "-l", "-P"})


@dataclass(frozen=True, slots=True)
class Section:
    """Lines [start, end) of a spec, counted from 0. The preamble has no name; other sections start with their header.

    `name` is the header's first word as written; names are compared with their case. `package` is the package as
    written (a suffix is not completed, macros are not expanded), "" for the main package.
    """

    name: str
    package: str
    start: int
    end: int

    @property
    def body(self) -> range:
        """The lines without the header."""
        return range(self.start + (1 if self.name else 0), self.end)

    @property
    def holds_tags(self) -> bool:
        return holds_tags(self.name)

    def __str__(self) -> str:
        return describe(self.name, self.package)


def header(line: str) -> tuple[str, str] | None:
    """The (name, package) of a line that starts a section; None for every other line."""
    if "%" not in line:  # most lines: found out ten times faster than by stripping
        return None
    text = line.lstrip()
    if not text.startswith("%") or text.split(None, 1)[0].lower() not in SECTION_NAMES:
        return None
    words = text.split()
    return words[0], package_of(words)


def package_of(words: Sequence[str]) -> str:
    """The package named by a section header's words: the argument of -n, else the first word that is no option."""
    if words[0].lower() in PACKAGELESS:
        return ""
    full, suffix = "", ""
    rest = iter(words[1:])
    for word in rest:
        if word == "--":
            break
        if word == "-n":
            full = next(rest, full)
        elif word in OPTIONS_WITH_ARGUMENT:
            next(rest, None)
        elif not word.startswith("-"):
            suffix = suffix or word
    return full or suffix


def sections(lines: Sequence[str]) -> list[Section]:
    """Every section in order, the preamble first; together they hold every line once."""
    return list(_sections(lines))


def holds_tags(name: str) -> bool:
    """Whether a section of this name holds tags: the preamble and %package."""
    return name == "" or name.lower() == "%package"


def describe(name: str, package: str) -> str:
    """A section in words, for messages."""
    words = name or "the preamble"
    return f"{words} of package {package!r}" if package else words


def _sections(lines: Sequence[str]) -> Iterator[Section]:
    name, package, start = "", "", 0
    for number, line in enumerate(lines):
        found = header(line)
        if found:
            yield Section(name, package, start, number)
            (name, package), start = found, number
    yield Section(name, package, start, len(lines))
