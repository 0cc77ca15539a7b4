"""The patch overlays' part in the spec; files are `overlay.file`'s."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import AddTag
from boatyard.overlay.line import find_sections, insert_at
from boatyard.overlay.match import path_matcher
from boatyard.overlay.nearest import nearest_lines
from boatyard.overlay.tag import add_tag
from boatyard.spec.patch import PATCHLIST, next_patch_number, patches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.overlay import PatchAdd, PatchRemove


def patch_name(overlay: PatchAdd) -> str:
    """The name of an added patch in the source tree and in the spec."""
    return overlay.file or PurePosixPath(overlay.source).name


def name_patch(overlay: PatchAdd, lines: Sequence[str]) -> list[str]:
    """Appends the patch to %patchlist when the spec has one, else adds a PatchN tag with the next free number.

    %prep is left alone: specs that apply their patches with %autosetup or %autopatch pick it up.
    """
    name = patch_name(overlay)
    lists = find_sections(lines, PATCHLIST, "")
    if lists:
        return insert_at(lines, [section.end for section in lists], [name])
    tag = f"Patch{next_patch_number(lines)}"
    return add_tag(AddTag(tag=tag, value=name, package=overlay.package), lines)


def unname_patch(overlay: PatchRemove, lines: Sequence[str]) -> list[str]:
    """Removes numbered patch tags and lines of %patchlist that match the glob, in every package."""
    matches = path_matcher(overlay.file)
    matching = [patch for patch in patches(lines) if matches(patch.value)]
    gone = {patch.line for patch in matching if patch.listed or patch.number is not None}
    if gone:
        return [line for number, line in enumerate(lines) if number not in gone]
    bare = [patch for patch in matching if not patch.listed]
    if bare:
        hint = "a bare `Patch:` tag is never removed: use spec-remove-tag with tag and value, and file-remove"
    else:
        hint = "the glob is matched against the whole value; `**/name` also matches an address that ends in name"
    raise BuildError(
        f"no patches matching {overlay.file!r} found in spec",
        detail=nearest_lines(overlay.file, ((patch.line, lines[patch.line]) for patch in patches(lines))),
        hint=hint,
    )
