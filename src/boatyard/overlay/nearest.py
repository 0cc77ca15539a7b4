"""Evidence for an overlay that does not apply: the lines that nearly matched."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from boatyard.spec.section import describe, sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN = 3
# Comparing is slow, so it is done for the few lines that share most with what was wanted.
COMPARED = 40
LONGEST = 200


def nearest_lines(wanted: str, numbered: Iterable[tuple[int, str]]) -> str:
    """Up to three lines like `line 12: Version: 1.2` that resemble `wanted`; line numbers are given from 0."""
    grams = _trigrams(wanted)
    shared = [(len(grams & _trigrams(line)), number, line) for number, line in numbered]
    likely = sorted((item for item in shared if item[0]), key=lambda item: (-item[0], item[1]))[:COMPARED]
    ranked = sorted(likely, key=lambda item: (-_likeness(wanted, item[2]), item[1]))[:SHOWN]
    return "\n".join(f"line {number + 1}: {line.strip()[:LONGEST]}" for _, number, line in ranked)


def sections_of(lines: Sequence[str]) -> str:
    """Which sections a spec has, for a message about one that it lacks."""
    found = [describe(section.name, section.package) for section in sections(lines) if section.name]
    return "the spec has: " + (", ".join(dict.fromkeys(found)) or "no section but the preamble")


def _trigrams(text: str) -> set[str]:
    text = text[:LONGEST].lower()
    return {text[start : start + 3] for start in range(len(text) - 2)}


def _likeness(wanted: str, line: str) -> float:
    return difflib.SequenceMatcher(None, wanted[:LONGEST].lower(), line.strip()[:LONGEST].lower()).ratio()
