"""A depot put in order: every object hashed, and what nobody has needed for a while removed.

On a machine a sweep holds the folder alone, so that no build goes on meanwhile. A shared store has no such lock; there
age protects what is in use. Who uses a record or puts an object sees to it that it is younger than a day
(`depot.RENEW_S`), a sweep spares what is younger than at least two, and looks again before it removes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boatyard.base.digest import sha256_file
from boatyard.base.error import ConfigError, ToolError
from boatyard.build.depot import LOCK, OBJECTS, RECORD_LIMIT, RECORDS, is_digest, object_name
from boatyard.build.record import is_for_others, named_objects, unsealed
from boatyard.ports import clock
from boatyard.ports.lease import hold_alone
from boatyard.ports.object_folder import FolderObjects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from boatyard.ports.object_folder import Found
    from boatyard.ports.objects import Objects

DAY_S = 86_400
LEAST_DAYS_SHARED = 2


class Damage(NamedTuple):
    """Something in a store that is not what its name says. `name`: as the store has it."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a store holds, sizes in bytes, and all that is wrong with it."""

    objects: int
    records: int
    size: int
    damage: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What would go, with the date each had, records first; and what stays. Sizes in bytes."""

    goes: tuple[tuple[str, Found], ...]
    stays: int
    stays_size: int

    @property
    def size(self) -> int:
        """What it frees."""
        return sum(found.size for _, found in self.goes)

    def count(self, kind: str) -> int:
        """How many objects (`cas`) or records (`ac`) go."""
        return sum(name.startswith(f"{kind}/") for name, _ in self.goes)


def verify(store: Objects, secret: bytes = b"") -> Verified:
    """Hashes every object and checks the seal of every record. Builds may go on meanwhile."""
    damage: list[Damage] = []
    objects: dict[str, Found] = {}
    with _scratch() as scratch:
        for name, found in store.list(OBJECTS):
            objects[name] = found
            if not _is_named(name):
                damage.append(Damage(name, "no object has such a name"))
            elif (sha256 := _hash(store, name, scratch)) not in (None, Path(name).name):
                damage.append(Damage(name, f"its content has the digest {sha256}"))
    records = dict(store.list(RECORDS))
    for name in records:
        raw = store.read(name, limit=RECORD_LIMIT)
        record = unsealed(raw, Path(name).name, secret)
        if not _is_named(name):
            damage.append(Damage(name, "no record has such a name"))
        elif record is None and not (is_for_others(raw) and not secret):
            damage.append(Damage(name, "it is cut, changed, of another key, or not sealed by who should have"))
        elif record is not None and (gone := [one for one in record.objects if object_name(one) not in objects]):
            damage.append(Damage(name, f"the object {gone[0]} that it names is not there"))
    size = sum(found.size for found in (*objects.values(), *records.values()))
    return Verified(len(objects), len(records), size, tuple(damage))


def remove(store: Objects, damage: Collection[Damage]) -> None:
    """Removes what is damaged: it is fetched or made anew when it is needed."""
    for one in damage:
        store.delete(one.name)


def plan_sweep(store: Objects, *, days: float, keep: Collection[str] = ()) -> SweepPlan:
    """Keeps the records used in the last `days` and those of the keys `keep`, what they name, and objects put since."""
    if days < LEAST_DAYS_SHARED and not _is_own(store):
        raise ConfigError(
            f"{store.address} may be in use by other machines: what is younger than {LEAST_DAYS_SHARED} days stays",
            hint=f"give {LEAST_DAYS_SHARED} days or more",
        )
    oldest = clock.now() - days * DAY_S
    goes: list[tuple[str, Found]] = []
    stays: list[Found] = []
    needed: set[str] = set()
    for name, found in store.list(RECORDS):
        raw = store.read(name, limit=RECORD_LIMIT) if found.modified >= oldest or Path(name).name in keep else None
        if raw is None:
            goes.append((name, found))
        else:
            stays.append(found)
            needed.update(named_objects(raw))
    for name, found in store.list(OBJECTS):
        if Path(name).name in needed or found.modified >= oldest:
            stays.append(found)
        else:
            goes.append((name, found))
    return SweepPlan(tuple(goes), len(stays), sum(found.size for found in stays))


def sweep(store: Objects, plan: SweepPlan) -> int:
    """Removes what a plan says, but for what was renewed since; the bytes freed. Killed, it leaves no record without
    its objects."""
    freed = 0
    for name, planned in plan.goes:
        found = store.find(name)
        if found is not None and found.modified <= planned.modified:
            store.delete(name)
            freed += found.size
    if isinstance(store, FolderObjects):
        store.sweep_work(clock.now() - LEAST_DAYS_SHARED * DAY_S)
    return freed


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[FolderObjects]:
    """The objects of a depot's folder, while no process uses the depot; ToolError when one does."""
    handle = hold_alone(folder / LOCK)
    if handle is None:
        raise ToolError(
            f"{folder} is in use by a run that builds", hint="run this again when it is done: nothing was removed"
        )
    try:
        yield FolderObjects(folder, shares_files=True)
    finally:
        os.close(handle)


def _is_own(store: Objects) -> bool:
    return isinstance(store, FolderObjects) and store.address == str(store.root)


def _is_named(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 3 and is_digest(parts[2]) and parts[1] == parts[2][:2]


def _hash(store: Objects, name: str, scratch: Path) -> str | None:
    """The digest of an object's content; None when it has gone meanwhile."""
    try:
        if isinstance(store, FolderObjects):
            return sha256_file(store.path(name))
        return sha256_file(scratch) if store.download(name, scratch) else None
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="boatyard-") as folder:
        yield Path(folder) / "object"
