"""Makes the sources of a component what its configuration says. Building and rendering share this one path.

Order, as the azldev format has it: macros file, overlays (archives first), skipped %check, note at the top of the
spec, `sources` file, release.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import BoatyardError, BuildError, SourceError, TrustError
from boatyard.config.model.source_file import MADE_HERE
from boatyard.overlay.agreement import check_archives
from boatyard.overlay.apply import Generated, apply_overlays
from boatyard.overlay.spec import edit_spec
from boatyard.ports.files import refusal
from boatyard.ports.folder import Folder
from boatyard.render.check import skip_check
from boatyard.render.header import NOTE
from boatyard.render.macros import load_macros, macros_file_name, macros_text
from boatyard.render.provenance import provenance
from boatyard.render.release import BumpRule, plan_release
from boatyard.render.sources_file import NAME as SOURCES
from boatyard.render.sources_file import with_source_files
from boatyard.spec.text import decode, encode, join_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Collection

    from boatyard.config.model.component import Component
    from boatyard.config.model.source_file import SourceFile
    from boatyard.overlay.apply import Applied

# A spec at the top of a project would take the whole project along.
MAX_FILES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """`changes`: how many the project made, which is how far a static release goes up, by `rule`.

    `edit_archives`: off for a tree without the archives, as when only the spec is rendered. `fedora`: the release-ver
    of the Fedora the spec is from, for `build.emit-upstream-provenance`; empty when it is from elsewhere.
    """

    changes: int = 0
    rule: BumpRule = BumpRule.STRICT
    edit_archives: bool = True
    fedora: str = ""


AS_CONFIGURED = Preparation()


def prepare_tree(component: Component, tree: Path, spec: str, how: Preparation = AS_CONFIGURED) -> Applied:
    """Changes a laid-out source tree in place. BuildError or ConfigError names the component; the tree is then void."""
    check_archives(component.name, component.overlays, component.source_files)
    macros = macros_text(component.build, _provenance(component, tree / spec, how))
    macros_file = macros_file_name(component.name) if macros else ""
    if macros:
        with Folder(tree) as folder:
            folder.write(macros_file, macros.encode(), 0o644)
    added = Generated(
        before=load_macros(macros_file) if macros else (), after=(*skip_check(component.build.check), NOTE)
    )
    applied = apply_overlays(
        component.name, component.overlays, tree, tree / spec, generated=added, edit_archives=how.edit_archives
    )
    try:
        with Folder(tree) as folder:
            _update_sources(component, folder, {archive.name for archive in applied.archives})
            _raise_release(component, folder, spec, how)
    except BoatyardError as error:
        problem = error.problems[0]
        raise type(error)(
            f"{component.name}: {problem.what}", where=problem.where, detail=problem.detail, hint=problem.hint
        ) from error
    return applied


def _provenance(component: Component, spec: Path, how: Preparation) -> dict[str, str]:
    if not component.build.emit_upstream_provenance or spec.is_symlink() or not spec.is_file():
        return {}
    return provenance(split_lines(decode(spec.read_bytes())), how.fedora)


def copy_folder(source: Path, into: Path, leave_out: Collection[Path] = ()) -> None:
    """Copies a spec's folder with all below it, but for `.git` and the folders to leave out.

    SourceError for what is no file, folder or link, and for more than MAX_FILES files.
    """
    skipped = {path.absolute() for path in leave_out}
    count = 0

    def ignored(folder: str, names: list[str]) -> list[str]:
        nonlocal count
        count += len(names)
        if count > MAX_FILES:
            raise SourceError(
                f"{source} holds more than {MAX_FILES} files",
                hint="keep a spec in a folder with its own sources only",
            )
        return [name for name in names if name == ".git" or Path(folder).absolute() / name in skipped]

    try:
        shutil.copytree(source, into, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        full = refusal(error)
        raise full or SourceError(f"cannot copy {source}: {_first_reason(error)}") from error
    for folder in (into, *(path for path in into.rglob("*") if path.is_dir() and not path.is_symlink())):
        folder.chmod(0o755)  # installed specs may lie in folders that nobody may write in


def _first_reason(error: OSError | shutil.Error) -> str:
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        return str(error.args[0][0][-1])
    return error.strerror or str(error)


def _update_sources(component: Component, folder: Folder, repacked: Collection[str]) -> None:
    files = [
        _packed(file, folder) if file.filename in repacked else file
        for file in component.source_files
        if not isinstance(file.origin, MADE_HERE)
    ]
    if not files:
        return
    there = folder.kind(SOURCES) == "file"
    text = decode(folder.read(SOURCES)) if there else ""
    mode = folder.mode(SOURCES) if there else 0o644
    folder.write(SOURCES, encode(with_source_files(text, files)), stat.S_IMODE(mode))


def _packed(file: SourceFile, folder: Folder) -> SourceFile:
    """A source file with the digest of the archive that overlays made.

    TrustError when an uncompressed one is not as stated. The bytes of a compressed one depend on the library, so a
    digest that azldev wrote cannot be had.
    """
    kind = file.hash_type or "SHA512"
    with (folder.root / file.filename).open("rb") as stream:
        digest = hashlib.file_digest(stream, kind.lower()).hexdigest()
    if file.hash and file.hash.lower() != digest and file.filename.lower().endswith(".tar"):
        raise TrustError(
            f"the overlays of {file.filename} make another archive than stated",
            detail=f"stated: {file.hash}\nmade:   {digest}",
            hint="look at what the archive holds now, then correct `hash`",
        )
    return structs.replace(file, hash=digest, hash_type=kind)


def _raise_release(component: Component, folder: Folder, spec: str, how: Preparation) -> None:
    if folder.kind(spec) != "file":
        raise BuildError(f"the overlays removed the spec {spec}")
    lines = split_lines(decode(folder.read(spec)))
    edit = plan_release(lines, component.release, how.changes, how.rule)
    if edit is not None:
        folder.write(spec, encode(join_lines(edit_spec(edit, lines))), folder.mode(spec))
