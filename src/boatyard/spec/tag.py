"""Tags: `Name: value` lines of the preamble and of %package sections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.spec.section import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.spec.section import Section

# White space is RE2's: a vertical tab or a no-break space may be part of a name.
_TAG = re.compile(r"([^\t\n\f\r :]+):")
_SPACE = "\t\n\f\r "


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag line; `line` counts from 0, `name` is as written (`Requires(post)` is one name), `value` is trimmed."""

    name: str
    value: str
    line: int

    def is_named(self, name: str) -> bool:
        """Tags have no case."""
        return self.name.lower() == name.lower()


def parse_tag(line: str, number: int = 0) -> Tag | None:
    """The tag on a line of a section that holds tags; None when there is none.

    The rule is the azldev format's and knows no macros: `%{?x:y}` is a tag named `%{?x`, `%global a:b` is none.
    """
    if line.startswith("#"):
        return None
    text = line.strip()
    match = _TAG.match(text)
    return Tag(match[1], text[match.end() :].strip(_SPACE), number) if match else None


def tags_in(lines: Sequence[str], section: Section) -> Iterator[Tag]:
    """The tags of one section in order; none when the section is of a kind without tags."""
    if section.holds_tags:
        for number in section.body:
            tag = parse_tag(lines[number], number)
            if tag:
                yield tag


def tags(lines: Sequence[str], package: str | None = None) -> Iterator[Tag]:
    """The tags of a package ("" for the main package: preamble and bare %package), or of all packages."""
    for section in sections(lines):
        if package is None or section.package == package:
            yield from tags_in(lines, section)


def family(name: str) -> str:
    """What numbered tags have in common: `Source12` and `source` are both of family `source`."""
    lower = name.lower()
    return lower.rstrip("0123456789") or lower
