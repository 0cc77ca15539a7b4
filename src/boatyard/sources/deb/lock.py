"""Lock files of seed components: which packages, at which versions, with which digests. TOML, one file a component.

    # Written by `boatyard component update bash`; not edited by hand.
    lock-version = 1
    kind = "deb"

    [x86_64]
    source = "bash"
    version = "5.2.37-2"

    [[x86_64.deb]]
    package = "bash"
    …

Each architecture has its part: an archive may build one later than the other, and the kernel's signed packages come
from one source package for each. Equal locks are equal bytes.
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ConfigError, NotFoundError, did_you_mean
from boatyard.base.where import Where
from boatyard.config.model.struct import Table
from boatyard.ports.files import write_atomic
from boatyard.sources.deb.index import MAX_DEB, NAME, POOL_PATH, dependency_names
from boatyard.sources.deb.version import MAX_LENGTH, version_key
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.config.model.seed import DebSpec
    from boatyard.sources.deb.index import DebIndex, DebPackage

LOCK_VERSION = 1
MAX_LOCK_SIZE = 4 << 20
CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)

Name = Annotated[str, msgspec.Meta(pattern=rf"^{NAME.pattern}\Z")]
Version = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.+~:-]+\Z", max_length=MAX_LENGTH)]
Suite = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*\Z")]
PoolPath = Annotated[str, msgspec.Meta(pattern=rf"^{POOL_PATH.pattern}\Z")]
Size = Annotated[int, msgspec.Meta(gt=0, le=MAX_DEB)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class LockedDeb(Table, frozen=True):
    """One binary package. `path` is relative to the archive that holds `suite`; `size` in bytes."""

    package: Name
    version: Version
    architecture: Name
    suite: Suite
    path: PoolPath
    size: Size
    sha256: Sha256


class _Part(Table, frozen=True):
    """The lock of one architecture. `source` and `version` are the source package's."""

    source: Name
    version: Version
    deb: tuple[LockedDeb, ...]


class _File(Table, frozen=True):
    lock_version: int
    kind: str
    x86_64: _Part | None = msgspec.field(default=None, name="x86_64")
    aarch64: _Part | None = None


class DebLock(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed component is made of on one architecture. `version` is the source package's; debs sorted by name."""

    component: str
    source: str
    version: str
    arch: Arch
    debs: tuple[LockedDeb, ...]


def plan_lock(component: str, spec: DebSpec, index: DebIndex, arch: Arch) -> DebLock:
    """The newest packages that the specification names, all of one version of the source package.

    Metapackages to follow are taken with what they depend on. NotFoundError for a name or glob that fits none.
    """
    source = spec.source_for(arch)
    made = {p.name: p for p in index.binaries_of(source) if p.architecture in (arch.deb, "all")}
    chosen: dict[str, DebPackage] = {}
    for pattern in (*spec.binaries_for(arch), *spec.follow_for(arch)):
        found = fnmatch.filter(made, pattern)
        if not found:
            raise NotFoundError(
                f"component {component}: the source package {source} makes no package {pattern} for {arch.deb}",
                hint=did_you_mean(pattern, made),
            )
        chosen |= {name: made[name] for name in found}
    for name in spec.follow_for(arch):
        chosen |= {target: made[target] for target in dependency_names(made[name].depends) if target in made}
    if not chosen:
        raise NotFoundError(
            f"component {component}: no binary package of the source package {source} is named for {arch.deb}",
            hint=f"write some of {', '.join(sorted(made)[:12])} in `binaries`",
        )
    debs = tuple(_locked(chosen[name]) for name in sorted(chosen))
    version = next(iter(chosen.values())).source_version
    return DebLock(component=component, source=source, version=version, arch=arch, debs=debs)


def _locked(package: DebPackage) -> LockedDeb:
    return LockedDeb(
        package=package.name,
        version=package.version,
        architecture=package.architecture,
        suite=package.suite,
        path=package.path,
        size=package.size,
        sha256=package.sha256,
    )


def lock_path(folder: Path, component: str) -> Path:
    """Where the lock of a component is."""
    return folder / f"{component}.lock"


def load_lock(folder: Path, component: str, arch: Arch) -> DebLock | None:
    """The lock of a component for an architecture; None when it is not locked yet, ConfigError for a damaged file."""
    path = lock_path(folder, component)
    held = _read(path, component)
    part = {Arch.X86_64: held.x86_64, Arch.AARCH64: held.aarch64}[arch] if held is not None else None
    if held is None or part is None:
        return None
    return DebLock(component=component, source=part.source, version=part.version, arch=arch, debs=part.deb)


def save_lock(lock: DebLock, folder: Path) -> Path:
    """Writes a lock whole or not at all; what the file says of other architectures stays."""
    path = lock_path(folder, lock.component)
    parts = {lock.arch: lock}
    for arch in Arch:
        other = load_lock(folder, lock.component, arch) if arch is not lock.arch else None
        if other is not None:
            parts[arch] = other
    write_atomic(path, _toml(lock.component, parts))
    return path


def diff_locks(old: DebLock | None, new: DebLock) -> tuple[str, ...]:
    """What changes from one lock to the next, a line for each package, for people; empty when nothing does."""
    before = {deb.package: deb for deb in old.debs} if old is not None else {}
    after = {deb.package: deb for deb in new.debs}
    return tuple(_changes(before, after))


def _changes(before: dict[str, LockedDeb], after: dict[str, LockedDeb]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"{name}: added, {after[name].version}"
        elif name not in after:
            yield f"{name}: removed, was {before[name].version}"
        elif before[name].version != after[name].version:
            older = version_key(after[name].version) < version_key(before[name].version)
            yield f"{name}: {before[name].version} → {after[name].version}{' (older)' if older else ''}"
        elif before[name].sha256 != after[name].sha256:
            yield f"{name}: {after[name].version}, same version with other content"


def _toml(component: str, parts: dict[Arch, DebLock]) -> str:
    lines = [
        f"# Written by `boatyard component update {component}`; not edited by hand.",
        f"lock-version = {LOCK_VERSION}",
        'kind = "deb"',
    ]
    for arch in sorted(parts):
        lines += [
            "",
            f"[{arch}]",
            f"source = {json.dumps(parts[arch].source)}",
            f"version = {json.dumps(parts[arch].version)}",
        ]
        for deb in parts[arch].debs:
            lines += ["", f"[[{arch}.deb]]"]
            lines += [f"{key} = {json.dumps(getattr(deb, key))}" for key in LockedDeb.__struct_fields__]
    return "\n".join(lines) + "\n"


def _read(path: Path, component: str) -> _File | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LOCK_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the lock file cannot be read: {error.strerror}", where=Where(path)) from error
    cure = f"write it anew: `boatyard component update {component}`"
    conflict = CONFLICT.search(data)
    if conflict:
        line = data.count(b"\n", 0, conflict.start()) + 1
        raise ConfigError("the lock file holds an unresolved merge conflict", where=Where(path, line), hint=cure)
    try:
        if len(data) > MAX_LOCK_SIZE:
            raise ValueError(f"larger than {MAX_LOCK_SIZE} bytes")
        tree = msgspec.toml.decode(data)
        _check_kind(tree, path)
        return msgspec.convert(tree, decodable(_File))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the lock file is damaged: {error}", where=Where(path), hint=cure) from error


def _check_kind(tree: dict[str, object], path: Path) -> None:
    version, kind = tree.get("lock-version"), tree.get("kind")
    if version != LOCK_VERSION:
        raise ConfigError(
            f"the lock file has lock-version {version}, and this Boatyard knows {LOCK_VERSION}",
            where=Where(path, key="lock-version"),
            hint="use the Boatyard that wrote it, or a newer one",
        )
    if kind != "deb":
        raise ConfigError(
            f"the lock file is of kind {kind!r}, and the component is a seed component (kind 'deb')",
            where=Where(path, key="kind"),
            hint=f"remove the file and write it anew: `boatyard component update {path.stem}`",
        )
