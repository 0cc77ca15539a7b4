"""The tag overlays: each takes the lines of a spec and gives the changed ones, or says why it does not apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import RemoveTag
from boatyard.overlay.line import find_sections, insert_at, section_not_found
from boatyard.overlay.nearest import nearest_lines
from boatyard.overlay.scope import lines_in_scope
from boatyard.spec.conditional import depth, depth_change
from boatyard.spec.tag import Tag, family, tags, tags_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.overlay import AddTag, InsertTag, SetTag, UpdateTag


def add_tag(overlay: AddTag | SetTag | InsertTag, lines: Sequence[str]) -> list[str]:
    """Puts the tag at the end of the preamble, or of each %package section, on the line before the next header.

    So it comes after blank lines and also after the %if of the next section. Existing tags of the same name stay.
    """
    found = find_sections(lines, _section(overlay.package), overlay.package)
    if not found:
        raise section_not_found(lines, _section(overlay.package), overlay.package)
    return insert_at(lines, [section.end for section in found], [_line(overlay)])


def insert_tag(overlay: InsertTag, lines: Sequence[str]) -> list[str]:
    """Puts the tag after the last one of its family, else after the last tag of the section, else as add_tag.

    A place inside a conditional moves behind the %endif that ends the outermost one, when that is in the section.
    """
    found = find_sections(lines, _section(overlay.package), overlay.package)
    if not found:
        raise section_not_found(lines, _section(overlay.package), overlay.package)
    present = [tag for section in found for tag in tags_in(lines, section)]
    if not present:
        return add_tag(overlay, lines)
    relatives = [tag for tag in present if family(tag.name) == family(overlay.tag)]
    anchor = (relatives or present)[-1].line
    end = next(section.end for section in found if anchor in section.body)
    return insert_at(lines, [_behind_conditional(lines, anchor, end) + 1], [_line(overlay)])


def set_tag(overlay: SetTag, lines: Sequence[str]) -> list[str]:
    """Replaces the tag as update_tag does, or adds it as add_tag does when there is none."""
    mine = _named(lines, overlay.package, overlay.tag)
    return _replace(overlay, mine, lines) if mine else add_tag(overlay, lines)


def update_tag(overlay: UpdateTag, lines: Sequence[str]) -> list[str]:
    """Replaces every line of the tag in the package by `Tag: value`, whatever conditional it is in."""
    scope = lines_in_scope(overlay, lines)
    mine = [tag for tag in _named(lines, overlay.package, overlay.tag) if tag.line in scope]
    if not mine:
        raise _no_such_tag(overlay, lines)
    return _replace(overlay, mine, lines)


def remove_tag(overlay: RemoveTag, lines: Sequence[str]) -> list[str]:
    """Removes every line of the tag; with a value only those whose whole value is equal, letter case apart."""
    wanted = overlay.value.lower()
    scope = lines_in_scope(overlay, lines)
    gone = {
        tag.line
        for tag in _named(lines, overlay.package, overlay.tag)
        if tag.line in scope and (not wanted or tag.value.lower() == wanted)
    }
    if not gone:
        raise _no_such_tag(overlay, lines)
    return [line for number, line in enumerate(lines) if number not in gone]


def _section(package: str) -> str:
    return "%package" if package else ""


def _line(overlay: AddTag | InsertTag | SetTag | UpdateTag) -> str:
    return f"{overlay.tag}: {overlay.value}"


def _named(lines: Sequence[str], package: str, name: str) -> list[Tag]:
    return [tag for tag in tags(lines, package) if tag.is_named(name)]


def _replace(overlay: SetTag | UpdateTag, replaced: Sequence[Tag], lines: Sequence[str]) -> list[str]:
    changed = list(lines)
    for tag in replaced:
        changed[tag.line] = _line(overlay)
    return changed


def _behind_conditional(lines: Sequence[str], number: int, section_end: int) -> int:
    """The line of the %endif that closes all conditionals open at a line, or that line."""
    level = depth(lines[: number + 1])
    if level > 0:
        for later in range(number + 1, section_end):
            level += depth_change(lines[later])
            if level <= 0:
                return later
    return number


def _no_such_tag(overlay: UpdateTag | RemoveTag, lines: Sequence[str]) -> BuildError:
    package = f" in package {overlay.package!r}" if overlay.package else ""
    value = f" with the value {overlay.value!r}" if isinstance(overlay, RemoveTag) and overlay.value else ""
    wanted = f"{overlay.tag}: {overlay.value}"
    found = ((tag.line, lines[tag.line]) for tag in tags(lines))
    return BuildError(
        f"no such tag: {overlay.tag}{value}{package}",
        detail=nearest_lines(wanted, found),
        hint="tags are looked for in the preamble and in %package sections, line by line, without expanding macros",
    )
