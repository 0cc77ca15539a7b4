"""What lock files say of components, as data for machines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.fault import Fault, to_error
from boatyard.config.model.seed import DebSpec
from boatyard.config.read import read_toml
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boatyard.config.model.component import Component

VERSION = 1
TEXTS = {
    "import-commit": "importCommit",
    "upstream-commit": "upstreamCommit",
    "input-fingerprint": "inputFingerprint",
    "resolution-input-hash": "resolutionInputHash",
}
NUMBER, NUMBER_KEY = "manual-bump", "manualBump"


def read_locked(components: Iterable[Component], folder: Path) -> dict[str, dict[str, object]]:
    """The lock of each component that has one: azldev's keys in camelCase, or what is locked for each architecture.

    ConfigError for a lock that is damaged, of a version that is not known, or holds a merge conflict.
    """
    try:
        there = set(os.listdir(folder))  # noqa: PTH208  names only, thousands of them
    except OSError:
        return {}
    return {
        component.name: _deb(component, folder) if isinstance(component.spec, DebSpec) else _upstream(component, folder)
        for component in components
        if f"{component.name}.lock" in there
    }


def _deb(component: Component, folder: Path) -> dict[str, object]:
    from boatyard.sources.deb.lock import load_lock

    locks = [load_lock(folder, component.name, arch) for arch in Arch]
    return {
        str(lock.arch): {
            "source": lock.source,
            "version": lock.version,
            "debs": {deb.package: deb.version for deb in lock.debs},
        }
        for lock in locks
        if lock is not None
    }


def _upstream(component: Component, folder: Path) -> dict[str, object]:
    path = folder / f"{component.name}.lock"
    table = read_toml(path)
    if isinstance(table, Fault):
        raise to_error([table])
    cure = f"write it anew: `boatyard component update {component.name}`"
    if table.get("version") != VERSION:
        what = f"the lock file is of version {table.get('version')!r}, and this Boatyard knows {VERSION}"
        raise ConfigError(what, where=Where(path, key="version"), hint=cure)
    locked: dict[str, object] = {}
    for key, name, kind in (*((key, name, str) for key, name in TEXTS.items()), (NUMBER, NUMBER_KEY, int)):
        value = table.get(key)
        if value is not None and type(value) is not kind:
            raise ConfigError(f"{key} is {value!r}", where=Where(path, key=key), hint=cure)
        if value:
            locked[name] = value
    return locked
