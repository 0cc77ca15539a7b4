"""Removing whole sections without breaking the conditionals around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.overlay.line import find_sections, section_not_found
from boatyard.overlay.nearest import sections_of
from boatyard.overlay.scope import balanced_blocks, lines_in_scope
from boatyard.spec.conditional import Block, is_filler
from boatyard.spec.section import Section, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.overlay import RemoveSection, RemoveSubpackage

SPANS = "conditional block spans across section boundaries"
REWRITE = "change the conditional first, with a spec-search-replace overlay"


def remove_section(overlay: RemoveSection, lines: Sequence[str]) -> list[str]:
    """Removes every section of exactly this name and package, from its header to the next."""
    scope = lines_in_scope(overlay, lines)
    found = [found for found in find_sections(lines, overlay.section, overlay.package) if found.start in scope]
    if not found:
        raise section_not_found(lines, overlay.section, overlay.package)
    return _without(lines, found)


def remove_subpackage(overlay: RemoveSubpackage, lines: Sequence[str]) -> list[str]:
    """Removes every section of a package, of any name."""
    found = [section for section in sections(lines) if section.name and section.package == overlay.package]
    if not found:
        raise BuildError(
            f"section not found: any of package {overlay.package!r}",
            detail=sections_of(lines),
            hint="`devel` and `name-devel` are different here: write the package as the headers do",
        )
    return _without(lines, found)


def _without(lines: Sequence[str], removed: Sequence[Section]) -> list[str]:
    pairs = balanced_blocks(lines)
    ends = [_removable_end(lines, section, pairs) for section in removed]
    changed = list(lines)
    for section, end in reversed(list(zip(removed, ends, strict=True))):
        del changed[section.start : end]
    return changed


def _removable_end(lines: Sequence[str], section: Section, pairs: Sequence[Block]) -> int:
    """Where removing has to stop so that conditionals reaching beyond the section stay whole.

    An %endif of a conditional around the section stays, and so does the %if of the next section; what stays may hold
    no content of this section.
    """
    inside = range(section.start, section.end)
    end = section.end
    for pair in pairs:
        if (pair.opening in inside) != (pair.closing in inside):
            end = min(end, pair.opening if pair.opening in inside else pair.closing)
            if pair.opening in inside:
                _check_filler(lines, section, pair.opening)
    for pair in pairs:
        if not (pair.opening in inside and pair.closing in inside):
            for branch in pair.branches:
                if branch in inside:
                    raise _spans(f"branch directive at line {branch + 1} belongs to a conditional outside", section)
    _check_filler(lines, section, end)
    return end


def _check_filler(lines: Sequence[str], section: Section, start: int) -> None:
    for number in range(start, section.end):
        if not is_filler(lines[number]):
            raise _spans(f"line {number + 1} would be left behind: {lines[number].strip()!r}", section)


def _spans(evidence: str, section: Section) -> BuildError:
    place = f"{section}, lines {section.start + 1} to {section.end}"
    return BuildError(f"{SPANS}: {place}", detail=evidence, hint=REWRITE)
