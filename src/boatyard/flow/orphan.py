"""Locks of components that the project has no more.

They would count as components of the past in `component changed`, and one that comes back later would go on with
a lock that nobody looked at. Only files that are locks are taken for them: other files in the folder are let alone.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.sources.upstream.lock import parse_lock

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

MAX_SIZE = 4 << 20
LOCK = ".lock"
# What may lie beside a lock: digests of archives with an MD5 only, files of Debian source packages.
BESIDE = (".digests", ".sources")
FIRST_WORDS = {".digests": "# Managed by ", ".sources": "# Written by "}


def orphan_locks(folder: Path, components: Container[str]) -> list[str]:
    """The names, sorted, of the components that have a lock in the folder and are not among those given."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  names only, thousands of them
    except OSError:
        return []
    found = [name.removesuffix(LOCK) for name in names if name.endswith(LOCK)]
    return [name for name in found if name not in components and _is_lock(folder / f"{name}{LOCK}", name)]


def remove_locks(folder: Path, components: Sequence[str]) -> None:
    """Removes the locks of components, and what belongs to them."""
    for name in components:
        for suffix in BESIDE:
            path = folder / f"{name}{suffix}"
            if path.is_file() and not path.is_symlink() and _begins(path, FIRST_WORDS[suffix]):
                path.unlink()
        (folder / f"{name}{LOCK}").unlink(missing_ok=True)


def _begins(path: Path, words: str) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(words)) == words.encode()


def _is_lock(path: Path, name: str) -> bool:
    """Whether a file is the lock of an upstream, local or seed component, and whole; an empty file is none."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_SIZE:
        return False
    data = path.read_bytes()
    try:
        lock = parse_lock(data, name, Where(path))
    except ConfigError:
        return _is_seed_lock(data)
    return bool(lock.input_fingerprint or lock.upstream_commit)


def _is_seed_lock(data: bytes) -> bool:
    try:
        table = tomllib.loads(data.decode())
    except ValueError:
        return False
    return table.get("kind") == "deb" and isinstance(table.get("lock-version"), int)
