"""The file overlays: they work on a folder of loose files, or of an unpacked archive; never on specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.base.regex import end_of_patience
from boatyard.config.model.overlay import (
    FileAdd,
    FileOverlay,
    FilePrependLines,
    FileRemove,
    FileRename,
    FileSearchReplace,
    PatchAdd,
    PatchRemove,
)
from boatyard.overlay.line import compiled, replaced
from boatyard.overlay.match import literal_name, path_matcher
from boatyard.overlay.nearest import nearest_lines
from boatyard.overlay.patch import patch_name
from boatyard.spec.text import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.folder import Folder

SPEC_SUFFIX = ".spec"


def edit_files(overlay: FileOverlay | PatchAdd | PatchRemove, folder: Folder) -> list[str]:
    """Applies an overlay to a folder; gives the paths it changed, BuildError when it changes nothing."""
    match overlay:
        case FilePrependLines():
            return _prepend_lines(overlay, folder)
        case FileSearchReplace():
            return _search_replace(overlay, folder)
        case FileAdd():
            return _add(overlay.source, overlay.file, folder)
        case PatchAdd():
            return _add(overlay.source, patch_name(overlay), folder)
        case FileRemove() | PatchRemove():
            return _remove(overlay, folder)
        case FileRename():
            return _rename(overlay, folder)


def matching_files(pattern: str, folder: Folder) -> list[str]:
    """The files a pattern names, sorted, without specs and what is in a .git folder; BuildError when there is none.

    Links count as files: they can be removed and renamed, and are skipped where content is edited.
    """
    literal = literal_name(pattern)
    files = [path for path in folder.files() if _may_be_edited(path)]
    if literal is None:
        matches = path_matcher(pattern)
        found = [path for path in files if matches(path)]
    else:
        found = [path for path in files if path == literal]
    if not found:
        raise BuildError(
            f"non-spec overlay filename pattern {pattern!r} did not match any files",
            detail=nearest_lines(pattern, enumerate(files)).replace("line ", "file "),
            hint="the pattern is matched against the whole path in the source tree; specs and .git never match",
        )
    return found


def _prepend_lines(overlay: FilePrependLines, folder: Folder) -> list[str]:
    files = _with_content(overlay.file, folder)
    added = encode("\n".join(overlay.lines) + "\n")
    for path in files:
        folder.write(path, added + folder.read(path), folder.mode(path))
    return files


def _search_replace(overlay: FileSearchReplace, folder: Folder) -> list[str]:
    """Replaces over whole files, so `(?s)` and `\\n` have a use here; a file without a match is left alone."""
    regex = compiled(overlay.regex)
    files = _with_content(overlay.file, folder)
    changed = []
    until = end_of_patience()
    for path in files:
        text = decode(folder.read(path))
        new = replaced(regex, text, overlay.replacement, until)
        if new != text:
            folder.write(path, encode(new), folder.mode(path))
            changed.append(path)
    if not changed:
        first = decode(folder.read(files[0])).split("\n")
        raise BuildError(
            f"overlay did not apply to target: regex {overlay.regex!r} changes nothing in {_listed(files)}",
            detail=nearest_lines(overlay.regex, enumerate(first)),
            hint="a match that is replaced by the same text counts as none",
        )
    return changed


def _add(source: Path, path: str, folder: Folder) -> list[str]:
    if path.endswith(SPEC_SUFFIX):
        raise BuildError(f"{path!r} is a spec: file overlays do not change specs", hint="use the spec-* overlays")
    if folder.kind(path):
        raise BuildError(
            f"cannot add overlay file {path!r} because it already exists",
            hint="remove it first with file-remove, or give the new file another name",
        )
    try:
        folder.copy_in(source, path)
    except FileNotFoundError:
        raise BuildError(
            f"the source of the overlay does not exist: {source}", hint="it is relative to the TOML file that names it"
        ) from None
    return [path]


def _remove(overlay: FileRemove | PatchRemove, folder: Folder) -> list[str]:
    files = matching_files(overlay.file, folder)
    for path in files:
        folder.remove(path)
    return files


def _rename(overlay: FileRename, folder: Folder) -> list[str]:
    files = matching_files(overlay.file, folder)
    if len(files) > 1:
        raise BuildError(
            f"file-rename takes one file, and {overlay.file!r} matches {len(files)}: {_listed(files)}",
            hint="name the file in full",
        )
    path, name = files[0], overlay.replacement
    if name.endswith(SPEC_SUFFIX):
        raise BuildError(f"{name!r} is the name of a spec: file overlays do not change specs")
    folder.rename(path, name)
    head, slash, _ = path.rpartition("/")
    return [path, f"{head}{slash}{name}"]


def _with_content(pattern: str, folder: Folder) -> list[str]:
    found = matching_files(pattern, folder)
    regular = [path for path in found if folder.kind(path) == "file"]
    if not regular:
        raise BuildError(f"{pattern!r} matches only links: {_listed(found)}", hint="name the files they point to")
    return regular


def _may_be_edited(path: str) -> bool:
    return not path.endswith(SPEC_SUFFIX) and ".git" not in path.split("/")[:-1]


def _listed(paths: list[str]) -> str:
    shown = ", ".join(repr(path) for path in paths[:5])
    return f"{shown} and {len(paths) - 5} more" if len(paths) > 5 else shown
