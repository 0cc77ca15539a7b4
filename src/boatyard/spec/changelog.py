"""The %changelog: entries that start with `* Wed Jan 01 2025 Name <mail> - version-release`, newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from boatyard.spec.section import sections

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = date(1970, 1, 1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its heading without the `* ` and the lines under it, without trailing blank ones."""

    heading: str
    lines: tuple[str, ...]


def entries(lines: Sequence[str]) -> list[Entry]:
    """The entries of every %changelog of a spec, in the order of the text."""
    found: list[Entry] = []
    for section in sections(lines):
        if section.name.lower() != "%changelog":
            continue
        starts = [number for number in section.body if lines[number].startswith("*")]
        for start, end in zip(starts, [*starts[1:], section.end], strict=True):
            text = list(lines[start + 1 : end])
            while text and not text[-1].strip():
                text.pop()
            found.append(Entry(lines[start][1:].strip(), tuple(text)))
    return found


def newest_day(lines: Sequence[str]) -> int:
    """The day of the first entry, in days since 1970; 0 when there is no entry, or none with a date after that."""
    first = next(iter(entries(lines)), None)
    match = re.match(r"\w{3} (\w{3}) +(\d{1,2}) (?:[\d:]+ \w+ )?(\d{4})\b", first.heading) if first else None
    if match is None or match[1] not in _MONTHS:
        return 0
    try:
        day = date(int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2]))
    except ValueError:
        return 0
    return max(0, (day - _EPOCH).days)
