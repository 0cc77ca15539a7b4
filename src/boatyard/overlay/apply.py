"""Applies a component's overlays to its source tree: all of them, or none.

Order, as the azldev format has it: overlays with an `archive` first, together for each archive in the order of its
first overlay; then the others, one after the other. Each sees what the ones before made.
"""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError, BuildError
from boatyard.config.model.overlay import (
    FileAdd,
    FilePrependLines,
    FileRemove,
    FileRename,
    FileSearchReplace,
    Overlay,
    PatchAdd,
    PatchRemove,
    type_of,
)
from boatyard.overlay.archive import Repacked, repack, unpack_for_edit
from boatyard.overlay.file import edit_files
from boatyard.overlay.spec import edit_spec
from boatyard.ports.files import link_or_copy, replacing_dir, temporary_dir, write_atomic
from boatyard.ports.folder import Folder
from boatyard.spec.text import decode, encode, join_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ArchiveOverlay = FileRemove | FileSearchReplace
GENERATED = 0


@dataclass(frozen=True, slots=True)
class Generated:
    """Overlays that Boatyard adds itself, to run before and after those of the component."""

    before: tuple[Overlay, ...] = ()
    after: tuple[Overlay, ...] = ()


NONE = Generated()


@dataclass(frozen=True, slots=True)
class Numbered:
    """An overlay of a component, by its number from 1; those that Boatyard adds itself have number 0."""

    component: str
    number: int
    overlay: Overlay

    def __str__(self) -> str:
        name = f"overlay {self.number}" if self.number else "the overlay that Boatyard adds"
        about = f" “{self.overlay.description}”" if self.overlay.description else ""
        return f"{self.component}: {name} ({type_of(self.overlay)}){about}"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one overlay changed: files by their path in the tree (or in the archive), and lines of the spec."""

    of: Numbered
    files: tuple[str, ...]
    lines_added: int = 0
    lines_removed: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """What all overlays of a component changed, in the order they ran."""

    effects: tuple[Effect, ...]
    archives: tuple[Repacked, ...]


def apply_overlays(
    component: str,
    overlays: Sequence[Overlay],
    tree: Path,
    spec: Path,
    *,
    generated: Generated = NONE,
    edit_archives: bool = True,
) -> Applied:
    """Applies overlays to a source tree and its spec, which lies at the top of the tree.

    BuildError names the component, the overlay by its number from 1 and its description, what did not match and what
    nearly did; the tree is then as it was. An overlay that changes nothing is an error. Without `edit_archives` the
    overlays of archives are left out, as for a tree that was made without downloads.
    """
    numbered = [Numbered(component, number, overlay) for number, overlay in enumerate(overlays, start=1)]
    inner = [item for item in numbered if archive_of(item.overlay)] if edit_archives else []
    outer = [
        *(Numbered(component, GENERATED, overlay) for overlay in generated.before),
        *(item for item in numbered if not archive_of(item.overlay)),
        *(Numbered(component, GENERATED, overlay) for overlay in generated.after),
    ]
    with replacing_dir(tree) as work:
        shutil.copytree(tree, work, symlinks=True, copy_function=link_file, dirs_exist_ok=True)
        archives, effects = _edit_archives(inner, work, tree.parent)
        effects += _edit_tree(outer, work, work / spec.name, {archive.name for archive in archives})
    return Applied(tuple(effects), tuple(archives))


def archive_of(overlay: Overlay) -> str:
    """The archive an overlay works in; "" for the source tree itself."""
    return overlay.archive if isinstance(overlay, ArchiveOverlay) else ""


def _edit_archives(items: Sequence[Numbered], work: Path, scratch: Path) -> tuple[list[Repacked], list[Effect]]:
    archives, effects = [], []
    for name in dict.fromkeys(archive_of(item.overlay) for item in items):
        mine = [item for item in items if archive_of(item.overlay) == name]
        with temporary_dir(scratch) as unpacked:
            with _attributed(mine[0]):
                if "/" in name:
                    raise BuildError(f"the archive {name!r} is not a plain file name")
                top = unpack_for_edit(work / name, unpacked)
            with Folder(top) as folder:
                effects += [apply_to_files(item, folder) for item in mine]
            archives.append(repack(work / name, unpacked))
    return archives, effects


def _edit_tree(items: Sequence[Numbered], work: Path, spec: Path, archives: set[str]) -> list[Effect]:
    if spec.is_symlink():
        raise BuildError(
            f"the spec {spec.name} is a link to {spec.readlink()}",
            hint="make it a plain file; nothing is built from links",
        )
    if not spec.is_file():
        raise BuildError(f"the source tree has no spec {spec.name}", hint=f"looked for {spec.name} at its top")
    lines = split_lines(decode(spec.read_bytes()))
    effects = []
    with Folder(work) as folder:
        for item in items:
            changed = apply_to_spec(item, lines)
            effect = apply_to_files(item, folder)
            with _attributed(item):
                _check_archives(effect.files, archives)
            effects.append(_with_lines(effect, spec.name, lines, changed))
            lines = changed
    if any(spec.name in effect.files for effect in effects):
        write_atomic(spec, encode(join_lines(lines)), mode=spec.stat().st_mode & 0o777)
    return effects


def apply_to_spec(item: Numbered, lines: list[str]) -> list[str]:
    """The lines of the spec after an overlay: the same list for one that is not about the spec."""
    overlay = item.overlay
    if isinstance(overlay, FileAdd | FilePrependLines | FileRemove | FileRename | FileSearchReplace):
        return lines
    with _attributed(item):
        # Text that an overlay brings is cut into lines as if the spec were read again.
        changed = split_lines(join_lines(edit_spec(overlay, lines)))
        if changed == lines:
            raise BuildError("it changes nothing in the spec", hint="remove the overlay: the spec is so already")
    return changed


def apply_to_files(item: Numbered, folder: Folder) -> Effect:
    """Edits the files that an overlay is about, if it is about files."""
    overlay = item.overlay
    files = list[str]()
    if isinstance(
        overlay, FileAdd | FilePrependLines | FileRemove | FileRename | FileSearchReplace | PatchAdd | PatchRemove
    ):
        with _attributed(item):
            files = edit_files(overlay, folder)
    return Effect(item, tuple(files))


def _with_lines(effect: Effect, spec: str, before: list[str], after: list[str]) -> Effect:
    if before is after:
        return effect
    old, new = Counter(before), Counter(after)
    return Effect(effect.of, (spec, *effect.files), (new - old).total(), (old - new).total())


def _check_archives(files: tuple[str, ...], archives: set[str]) -> None:
    for name in files:
        if name in archives:
            raise BuildError(
                f"it changes {name!r}, whose content other overlays edit",
                hint="edit inside the archive, or replace it, not both",
            )


@contextlib.contextmanager
def _attributed(item: Numbered) -> Iterator[None]:
    """Says of an error which overlay it is about."""
    try:
        yield
    except BoatyardError as error:
        problem = error.problems[0]
        raise BuildError(f"{item}: {problem.what}", detail=problem.detail, hint=problem.hint) from error


def link_file(source: str, target: str) -> None:
    """For copies of trees: edits replace files, so the copy can share them with the original."""
    link_or_copy(Path(source), Path(target))
