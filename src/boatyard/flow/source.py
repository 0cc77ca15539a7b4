"""From a component to a source tree: seed or local files, added source files, overlays. The key comes first.

A tree is written only when its build is not in the store, so that a run that changes nothing touches no source.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.source_tree import SourceTree
from boatyard.base.digest import fingerprint, sha256_bytes, sha256_file, sha256_tree
from boatyard.base.error import ConfigError, SourceError, TrustError
from boatyard.config.model.component import LocalSpec
from boatyard.config.model.overlay import type_of
from boatyard.config.model.seed import DebSpec
from boatyard.config.model.source_file import DebSourceOrigin, PythonPackageOrigin, SigningKeyOrigin
from boatyard.flow.lock import read_locks, read_source_locks
from boatyard.flow.own_package import pack_package
from boatyard.flow.prepare import copy_folder, prepare_tree
from boatyard.sources.deb.repackage import tree_key, write_source_tree
from boatyard.sources.deb.source_download import fetch_source_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from boatyard.config.model.component import Component
    from boatyard.config.model.seed import Seed
    from boatyard.config.model.source_file import SourceFile
    from boatyard.flow.yard import Yard
    from boatyard.sources.deb.lock import DebLock
    from boatyard.sources.deb.source_lock import LockedFile

RECIPE = 2


@dataclass(frozen=True, slots=True)
class ComponentSource:
    """What a component is made from. `key` names all of it; `lock` and `seed` are those of a seed component.

    `component` has the locked digest of every file that comes from a Debian source package; `fetch` gives these files
    by their names, from the store or the mirror.
    """

    component: Component
    key: str
    public_key: bytes
    lock: DebLock | None = None
    seed: Seed | None = None
    fetch: Callable[[], Mapping[str, Path]] = field(default=dict, compare=False)

    @property
    def weight(self) -> int:
        """A measure of how long the build takes: bytes of the sources, as far as they are known."""
        return sum(deb.size for deb in self.lock.debs) if self.lock is not None else 0


def plan_sources(yard: Yard, components: Sequence[Component]) -> list[ComponentSource]:
    """The source of each component with its key; ConfigError for a kind of spec that cannot be built here."""
    locks, files = read_locks(yard, components), read_source_locks(yard, components)
    return [_plan(yard, component, locks, files.get(component.name, ())) for component in components]


def write_tree(source: ComponentSource, debs: Mapping[str, Path], into: Path) -> SourceTree:
    """Lays the sources of a component out in an empty folder, overlays applied, ready for rpmbuild."""
    tree = lay_out(source, debs, into)
    prepare_tree(source.component, into, tree.spec)
    return tree


def lay_out(source: ComponentSource, debs: Mapping[str, Path], into: Path, *, archives: bool = True) -> SourceTree:
    """Lays the sources of a component out in an empty folder as they come, before its configuration changes them.

    `archives`: with the files that are fetched from Debian source packages.
    """
    component = source.component
    match component.spec:
        case DebSpec():
            assert source.lock is not None
            assert source.seed is not None
            tree = write_source_tree(source.lock, debs, source.seed, component.seed, into)
        case LocalSpec(path=spec):
            copy_folder(spec.parent, into)
            tree = SourceTree(component=component.name, dir=into, spec=spec.name, key="")
        case _:
            raise _unbuildable(component)
    for extra in component.source_files:
        if isinstance(extra.origin, SigningKeyOrigin):
            (into / extra.filename).write_bytes(source.public_key)
        elif isinstance(extra.origin, PythonPackageOrigin):
            (into / extra.filename).write_bytes(pack_package(extra.origin.name))
        elif isinstance(extra.origin, DebSourceOrigin) and archives:
            shutil.copyfile(_checked(source, extra), into / extra.filename)
    return structs.replace(tree, key=source.key)


def _checked(source: ComponentSource, file: SourceFile) -> Path:
    """A fetched file, which is as locked; TrustError when the configuration states another digest."""
    path = source.fetch()[file.filename]
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, file.hash_type.lower()).hexdigest()
    if digest != file.hash.lower():
        raise TrustError(
            f"{source.component.name}: the archive lists another {file.filename} than the configuration states",
            detail=f"stated: {file.hash.lower()}\nlisted: {digest}",
            hint="look at what changed, then correct or remove `hash`",
        )
    return path


def _with_digests(component: Component, files: Sequence[LockedFile]) -> Component:
    """The component with the locked SHA-256 where its configuration states no digest."""
    if not files:
        return component
    locked = {file.name: file.sha256 for file in files}
    return structs.replace(
        component,
        source_files=tuple(
            structs.replace(file, hash=locked[file.filename], hash_type="SHA256")
            if isinstance(file.origin, DebSourceOrigin) and not file.hash
            else file
            for file in component.source_files
        ),
    )


def _fetch(yard: Yard, component: str, files: Sequence[LockedFile]) -> Mapping[str, Path]:
    return fetch_source_files({component: files}, yard.mirror.mirror, yard.mirror.store)[component]


def _plan(
    yard: Yard, component: Component, locks: Mapping[str, DebLock], files: Sequence[LockedFile]
) -> ComponentSource:
    public_key = yard.key.public
    common: list[object] = [
        RECIPE,
        component.name,
        overlay_inputs(component),
        component.source_files,
        component.build,
    ]
    if any(isinstance(extra.origin, SigningKeyOrigin) for extra in component.source_files):
        common.append(public_key)
    packages = [extra.origin.name for extra in component.source_files if isinstance(extra.origin, PythonPackageOrigin)]
    if packages:
        common.append([sha256_bytes(pack_package(name)) for name in packages])
    if files:
        common.append([[file.name, file.sha256] for file in files])
    match component.spec:
        case DebSpec():
            _, seed = yard.project.seed_of(component)
            lock = locks[component.name]
            key = fingerprint([common, tree_key(lock, seed, component.seed)])
            return ComponentSource(component, key, public_key, lock, seed)
        case LocalSpec(path=spec):
            if not spec.is_file():
                where = yard.project.where("components", component.name)
                raise SourceError(
                    f"component {component.name}: there is no spec {spec}",
                    where=where,
                    hint="write it, or mend the path",
                )
            return ComponentSource(
                _with_digests(component, files),
                fingerprint([common, spec.name, sha256_tree(spec.parent)]),
                public_key,
                fetch=partial(_fetch, yard, component.name, files) if files else dict,
            )
        case _:
            raise _unbuildable(component)


def overlay_inputs(component: Component) -> list[dict[str, object]]:
    """Overlays by what they do: a file they bring along counts by name and content, wherever the project lies."""
    plain = []
    for overlay in component.overlays:
        effective = (name for name in overlay.__struct_fields__ if name not in ("description", "metadata"))
        fields: dict[str, object] = {name: getattr(overlay, name) for name in effective}
        file = fields.get("source")
        if isinstance(file, Path):
            fields["source"] = [file.name, sha256_file(file) if file.is_file() else ""]
        plain.append({"type": type_of(overlay), **fields})
    return plain


def _unbuildable(component: Component) -> ConfigError:
    return ConfigError(
        f"component {component.name} has a spec of a kind that cannot be built here",
        hint="specs of type `local` and `deb` can be built; `boatyard component prepare-sources` lays out those of type"
        " `upstream`",
    )
