"""Patches a spec names: `PatchN:` and bare `Patch:` tags of any package, and the lines of %patchlist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.spec.section import sections
from boatyard.spec.tag import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

PATCHLIST = "%patchlist"
_NUMBERED = re.compile(r"patch(\d{1,18})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch as named on a line (from 0); `number` is None for a bare `Patch:` tag and for a line of %patchlist."""

    value: str
    line: int
    number: int | None = None
    listed: bool = False


def patch_number(tag: str) -> int | None:
    """The N of a tag named PatchN; None for `Patch` and for every other name."""
    match = _NUMBERED.fullmatch(tag)
    return int(match[1]) if match else None


def patches(lines: Sequence[str]) -> list[Patch]:
    """Every patch in the order of the lines."""
    found = [
        Patch(tag.value, tag.line, patch_number(tag.name))
        for tag in tags(lines)
        if tag.is_named("Patch") or patch_number(tag.name) is not None
    ]
    for section in sections(lines):
        if section.name == PATCHLIST:
            listed = ((lines[number].strip(), number) for number in section.body)
            found.extend(Patch(value, number, listed=True) for value, number in listed if value)
    return sorted(found, key=lambda patch: patch.line)


def next_patch_number(lines: Sequence[str]) -> int:
    """One more than the highest number in use, where n bare `Patch:` tags use the numbers below n."""
    tagged = [patch for patch in patches(lines) if not patch.listed]
    numbers = [patch.number for patch in tagged if patch.number is not None]
    return max([bare_count(tagged) - 1, *numbers]) + 1


def bare_count(found: Sequence[Patch]) -> int:
    return sum(patch.number is None for patch in found)
