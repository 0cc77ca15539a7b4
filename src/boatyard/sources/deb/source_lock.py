"""Locks of files that come from Debian source packages: which version, at which digest. One file a component.

    # Written by `boatyard component update less`; not edited by hand.
    lock-version = 1
    kind = "deb-source"

    [[file]]
    name = "less_668.orig.tar.gz"
    package = "less"
    version = "668-1"
    …

It lies beside the component's own lock, as `<component>.sources`: sources are the same for every architecture, and a
local component has a lock in azldev's format, which has no place for them. Equal locks are equal bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.model.struct import Table
from boatyard.ports.files import write_atomic
from boatyard.sources.deb.lock import Name, Sha256, Size, Suite, Version  # noqa: TC001 (msgspec reads the annotations)
from boatyard.sources.deb.source_index import FILE_NAME, SOURCE_PATH
from boatyard.sources.deb.version import version_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOCK_VERSION = 1
KIND = "deb-source"
MAX_LOCK_SIZE = 1 << 20

FileName = Annotated[str, msgspec.Meta(pattern=rf"^{FILE_NAME.pattern}\Z")]
SourcePath = Annotated[str, msgspec.Meta(pattern=rf"^{SOURCE_PATH.pattern}\Z")]


class LockedFile(Table, frozen=True):
    """One file. `version` is the source package's; `path` relative to the archive of `suite`; `size` in bytes."""

    name: FileName
    package: Name
    version: Version
    suite: Suite
    path: SourcePath
    size: Size
    sha256: Sha256


class _File(Table, frozen=True):
    lock_version: int
    kind: str
    file: tuple[LockedFile, ...]


def source_lock_path(folder: Path, component: str) -> Path:
    """Where the lock of a component's source files is."""
    return folder / f"{component}.sources"


def load_source_lock(folder: Path, component: str) -> tuple[LockedFile, ...] | None:
    """The locked files, sorted by name; None when there is no lock yet, ConfigError for a damaged one."""
    path = source_lock_path(folder, component)
    cure = f"write it anew: `boatyard component update {component}`"
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LOCK_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the lock file cannot be read: {error.strerror}", where=Where(path)) from error
    try:
        if len(data) > MAX_LOCK_SIZE:
            raise ValueError(f"larger than {MAX_LOCK_SIZE} bytes")
        held = msgspec.toml.decode(data, type=decodable(_File))
        if (held.lock_version, held.kind) != (LOCK_VERSION, KIND):
            raise ValueError(f"lock-version {held.lock_version} of kind {held.kind!r} is not known")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the lock file is damaged: {error}", where=Where(path), hint=cure) from error
    return tuple(sorted(held.file, key=lambda file: file.name))


def save_source_lock(folder: Path, component: str, files: Sequence[LockedFile]) -> Path:
    """Writes a lock whole or not at all."""
    lines = [
        f"# Written by `boatyard component update {component}`; not edited by hand.",
        f"lock-version = {LOCK_VERSION}",
        f'kind = "{KIND}"',
    ]
    for file in sorted(files, key=lambda file: file.name):
        lines += ["", "[[file]]"]
        lines += [f"{key} = {json.dumps(getattr(file, key))}" for key in LockedFile.__struct_fields__]
    path = source_lock_path(folder, component)
    write_atomic(path, "\n".join(lines) + "\n")
    return path


def diff_source_locks(old: Sequence[LockedFile] | None, new: Sequence[LockedFile]) -> tuple[str, ...]:
    """What changes from one lock to the next, a line for each file, for people; empty when nothing does."""
    before, after = _by_name(old or ()), _by_name(new)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes.append(f"{name}: added, from {after[name].package} {after[name].version}")
        elif name not in after:
            changes.append(f"{name}: removed, was from {before[name].package} {before[name].version}")
        elif before[name] != after[name]:
            changes.append(f"{name}: {_change(before[name], after[name])}")
    return tuple(changes)


def _by_name(files: Sequence[LockedFile]) -> Mapping[str, LockedFile]:
    return {file.name: file for file in files}


def _change(before: LockedFile, after: LockedFile) -> str:
    content = "the same file" if before.sha256 == after.sha256 else "other content"
    now = f"{after.package} {after.version}"
    if (before.package, before.version) == (after.package, after.version):
        return f"{now}, {content}, of the suite {after.suite}"
    older = " (older)" if version_key(after.version) < version_key(before.version) else ""
    return f"{before.package} {before.version} → {now}{older}, {content}"
