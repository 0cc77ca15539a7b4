"""What each overlay does to the lines of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.model.overlay import (
    AddTag,
    AppendLines,
    InsertTag,
    PatchAdd,
    PatchRemove,
    PrependLines,
    RemoveSection,
    RemoveSubpackage,
    RemoveTag,
    SearchReplace,
    SetMacro,
    SetTag,
    SpecOverlay,
    UpdateTag,
)
from boatyard.overlay.line import append_lines, prepend_lines, search_replace
from boatyard.overlay.macro import set_macro
from boatyard.overlay.patch import name_patch, unname_patch
from boatyard.overlay.removal import remove_section, remove_subpackage
from boatyard.overlay.tag import add_tag, insert_tag, remove_tag, set_tag, update_tag

if TYPE_CHECKING:
    from collections.abc import Sequence


def edit_spec(overlay: SpecOverlay | PatchAdd | PatchRemove, lines: Sequence[str]) -> list[str]:  # noqa: C901, PLR0912
    """The lines of the spec after an overlay; BuildError when it does not apply."""
    match overlay:  # one case a verb: long, and simple
        case AddTag():
            return add_tag(overlay, lines)
        case InsertTag():
            return insert_tag(overlay, lines)
        case SetTag():
            return set_tag(overlay, lines)
        case UpdateTag():
            return update_tag(overlay, lines)
        case RemoveTag():
            return remove_tag(overlay, lines)
        case PrependLines():
            return prepend_lines(overlay, lines)
        case AppendLines():
            return append_lines(overlay, lines)
        case SearchReplace():
            return search_replace(overlay, lines)
        case SetMacro():
            return set_macro(overlay, lines)
        case RemoveSection():
            return remove_section(overlay, lines)
        case RemoveSubpackage():
            return remove_subpackage(overlay, lines)
        case PatchAdd():
            return name_patch(overlay, lines)
        case PatchRemove():
            return unname_patch(overlay, lines)
