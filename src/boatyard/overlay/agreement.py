"""Whether a component's archive overlays and its `source-files` agree on which archives are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import FileAdd, FileOverlay, FileRename, Overlay, PatchAdd, PatchRemove
from boatyard.config.model.source_file import OverlayOrigin
from boatyard.overlay.apply import Numbered, archive_of
from boatyard.overlay.match import literal_name, path_matcher
from boatyard.overlay.patch import patch_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.config.model.source_file import SourceFile

ENTRY = 'add it to `source-files` with `origin = { type = "overlay" }` and `replace-upstream = true`'


def check_archives(component: str, overlays: Sequence[Overlay], files: Sequence[SourceFile]) -> None:
    """BuildError unless every archive that overlays edit is a source file of origin overlay, and the other way round.

    Nor may an overlay of loose files be about such an archive. Holds before anything is downloaded.
    """
    numbered = [Numbered(component, number, overlay) for number, overlay in enumerate(overlays, start=1)]
    named = {file.filename for file in files if isinstance(file.origin, OverlayOrigin)}
    edited = {archive for overlay in overlays if (archive := archive_of(overlay))}
    for name in sorted(named - edited):
        raise BuildError(
            f"{component}: source file {name} has origin overlay, and no overlay edits it",
            hint=f'add an overlay with `archive = "{name}"`, or give the file another origin',
        )
    for item in numbered:
        archive = archive_of(item.overlay)
        if archive and archive not in named:
            raise BuildError(f"{item}: the archive {archive} is no source file of origin overlay", hint=ENTRY)
        if not archive:
            for name in _touched(item.overlay, sorted(edited)):
                raise BuildError(
                    f"{item}: it is about {name!r}, whose content other overlays edit",
                    hint="edit inside the archive, or replace it, not both",
                )


def _touched(overlay: Overlay, archives: Sequence[str]) -> Iterator[str]:
    """The archives that an overlay of loose files makes, removes or changes."""
    if isinstance(overlay, FileAdd):
        yield from (name for name in archives if name == overlay.file)
    elif isinstance(overlay, PatchAdd):
        yield from (name for name in archives if name == patch_name(overlay))
    elif isinstance(overlay, FileOverlay | PatchRemove):
        literal = literal_name(overlay.file)
        if literal is None:
            yield from filter(path_matcher(overlay.file), archives)
        names = {literal, overlay.replacement} if isinstance(overlay, FileRename) else {literal}
        yield from (name for name in archives if name in names)
