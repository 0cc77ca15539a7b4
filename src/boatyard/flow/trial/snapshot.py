"""Snapshots of provisioned machines: kept for later trials of the same machine, found, bounded, removed.

A snapshot is a folder that never changes: the machine's state, the layers over its disks, its user's SSH key, and a
sealed record of all of it. It appears by a rename; the newest of a key counts. What it holds is secret, like a
machine's memory, so that all of it is for this user only.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact, find_sealed, save_sealed
from boatyard.artifact.provision import ProvisionRecord  # noqa: TC001 (msgspec reads the annotations)
from boatyard.base.digest import sha256_file
from boatyard.cloud.fabric import Past  # noqa: TC001 (msgspec reads the annotations)
from boatyard.ports.files import TEMPORARY, remove_tree, writing_to
from boatyard.ports.lease import leased_dir
from boatyard.vm.checkpoint import Checkpoint  # noqa: TC001 (msgspec reads the annotations)

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGING = "staging"
RECORD, STATE, DISK, KEY = "snapshot.json", "state.zst", "disk.qcow2", "key"
MAX_BYTES = 8 << 30


class Part(Artifact, frozen=True):
    """What a file of a snapshot must be."""

    size: int
    sha256: str


class Below(Artifact, frozen=True):
    """The image below the layer as it was: who changes it changes what a machine finds on its disk."""

    path: str
    size: int
    changed_ns: int

    @classmethod
    def of(cls, image: Path) -> Below:
        """FileNotFoundError when there is none."""
        found = image.stat()
        return cls(path=str(image.absolute()), size=found.st_size, changed_ns=found.st_mtime_ns)


class Snapshot(Artifact, frozen=True, kw_only=True):
    """The record. `parts`: the files but for the state, whose digest is compared while it is loaded; by their names."""

    key: str
    machine: str
    below: Below
    checkpoint: Checkpoint
    parts: dict[str, Part]
    public_key: str
    past: Past
    record: ProvisionRecord


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot and its folder. `size` in bytes, of what it occupies; `used_at`: seconds since the epoch."""

    folder: Path
    snapshot: Snapshot

    @property
    def size(self) -> int:
        return _occupied(self.folder)

    @property
    def used_at(self) -> float:
        return self.folder.stat().st_mtime

    @property
    def state(self) -> Path:
        return self.folder / STATE


@contextlib.contextmanager
def staging(cache: Path) -> Iterator[Path]:
    """A folder for a snapshot that is being made; `keep` takes it away. What a killed trial left is removed first."""
    _make_private(cache)
    with leased_dir(cache / STAGING) as leased:
        folder = leased / "snapshot"
        folder.mkdir(mode=0o700)
        yield folder


def keep(snapshot: Snapshot, folder: Path, cache: Path, max_bytes: int = MAX_BYTES) -> None:
    """Writes the record into the folder, and makes that a snapshot; older ones of the key, and what has not been used
    for the longest time, is removed until the rest occupies at most `max_bytes`.
    """
    save_sealed(snapshot, folder / RECORD)
    (folder / RECORD).chmod(0o600)
    older = [kept.folder for kept in snapshots(cache) if kept.snapshot.key == snapshot.key]
    folder.rename(cache / f"{snapshot.key}-{secrets.token_hex(4)}")
    for one in older:
        _remove(one)
    left = max_bytes
    for kept in snapshots(cache):
        left -= kept.size
        if left < 0:
            _remove(kept.folder)


def part(path: Path) -> Part:
    """What a file is."""
    path.chmod(0o600)
    return Part(size=path.stat().st_size, sha256=sha256_file(path))


def find(key: str, cache: Path) -> Iterator[Kept]:
    """The snapshots of a key that are whole, as far as can be told without the state; damaged ones are removed."""
    for folder in _newest_first(cache.glob(f"{key}-*")):
        kept = _read(folder)
        if kept is None or not _whole(kept):
            _remove(folder)
            continue
        with contextlib.suppress(OSError):
            os.utime(folder)  # it is used
        yield kept


def snapshots(cache: Path) -> list[Kept]:
    """All of them, the latest used first; without looking at their content."""
    folders = (folder for folder in cache.glob("*-*") if folder.is_dir())
    return [kept for folder in _newest_first(folders) if (kept := _read(folder)) is not None]


def remove(kept: Kept) -> None:
    """Removes one. A machine that runs from it runs on."""
    _remove(kept.folder)


def _read(folder: Path) -> Kept | None:
    try:
        snapshot = find_sealed(Snapshot, folder / RECORD)
    except OSError:  # somebody removes it at this moment
        return None
    return Kept(folder, snapshot) if snapshot is not None else None


def _whole(kept: Kept) -> bool:
    snapshot = kept.snapshot
    try:
        if (
            kept.state.stat().st_size != snapshot.checkpoint.size
            or Below.of(Path(snapshot.below.path)) != snapshot.below
        ):
            return False
        return all(
            (kept.folder / name).stat().st_size == wanted.size and sha256_file(kept.folder / name) == wanted.sha256
            for name, wanted in snapshot.parts.items()
        )
    except OSError:
        return False


def _remove(folder: Path) -> None:
    """First out of sight in one step, so that nobody finds half of it; what a kill leaves there is swept."""
    gone = folder.parent / STAGING / f"{TEMPORARY}{folder.name}"
    with contextlib.suppress(OSError):
        gone.parent.mkdir(exist_ok=True)
        folder.rename(gone)
        remove_tree(gone)


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    found = []
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            found.append((folder.stat().st_mtime_ns, folder))
    return [folder for _, folder in sorted(found, reverse=True)]


def _occupied(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        total = sum(path.stat().st_blocks * 512 for path in folder.iterdir())
    return total


def _make_private(cache: Path) -> None:
    with writing_to(cache):
        cache.mkdir(parents=True, exist_ok=True)
        cache.chmod(0o700)
