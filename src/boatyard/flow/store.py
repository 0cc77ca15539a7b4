"""The store of results looked after: what is in it, whether it is whole, and what can go."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, NotFoundError
from boatyard.build.depot import OBJECTS, RECORD_LIMIT, RECORDS, is_digest, record_name
from boatyard.build.depot_sweep import alone, plan_sweep, remove, sweep, verify
from boatyard.build.record import unsealed
from boatyard.flow.depot import find_secret
from boatyard.ports.object_folder import FolderObjects
from boatyard.ports.objects import open_objects
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from boatyard.build.depot_sweep import SweepPlan, Verified
    from boatyard.build.record import Record
    from boatyard.ports.objects import Objects
    from boatyard.ports.progress import Reporter

TOLD = 12  # damaged things named in a message


def count_store(builds: Path, address: str) -> dict[str, object]:
    """What the store holds: numbers and sizes (bytes) of objects and records, and the dates of the oldest and newest
    record in seconds since the epoch (0 when there is none)."""
    store = _store(builds, address)
    objects = [found for _, found in store.list(OBJECTS)]
    records = [found for _, found in store.list(RECORDS)]
    dates = [found.modified for found in records] or [0.0]
    return {
        "store": store.address,
        "objects": len(objects),
        "objects-size": sum(found.size for found in objects),
        "records": len(records),
        "records-size": sum(found.size for found in records),
        "oldest": int(min(dates)),
        "newest": int(max(dates)),
    }


def find_record(builds: Path, address: str, key: str) -> tuple[str, Record]:
    """The key that begins with `key`, and its record; NotFoundError unless one, and only one, is there and whole."""
    store = _store(builds, address)
    keys = [name.rpartition("/")[2] for name, _ in store.list(RECORDS)]
    found = [one for one in keys if one.startswith(key) and is_digest(one)]
    if len(found) != 1:
        many = f"{len(found)} records" if found else "no record"
        raise NotFoundError(f"{store.address} has {many} whose key begins with {key!r}", hint="give more of the key")
    secret = b"" if isinstance(store, FolderObjects) and not address else find_secret(os.environ)
    record = unsealed(store.read(record_name(found[0]), limit=RECORD_LIMIT), found[0], secret)
    if record is None:
        raise NotFoundError(
            f"the record of {found[0]} cannot be relied on", hint="`boatyard store verify` tells what is damaged"
        )
    return found[0], record


def verify_store(builds: Path, address: str, reporter: Reporter, *, mend: bool) -> Verified:
    """Hashes everything; CheckError when something is damaged, which `mend` removes."""
    store = _store(builds, address)
    with reporter.step(f"Verify {store.address}"):
        verified = verify(store, find_secret(os.environ) if address else b"")
    if verified.damage:
        if mend:
            remove(store, verified.damage)
        names = [f"{one.name}: {one.why}" for one in verified.damage[:TOLD]]
        more = len(verified.damage) - TOLD
        raise CheckError(
            f"{len(verified.damage)} of {verified.objects + verified.records} objects and records of {store.address}"
            f" are damaged{', and were removed' if mend else ''}",
            detail="\n".join([*names, *([f"… and {more} more"] if more > 0 else [])]),
            hint="they are fetched or made anew when they are needed"
            if mend
            else "`boatyard store verify --remove` removes them; they are fetched or made anew when they are needed",
        )
    return verified


def sweep_store(
    builds: Path, address: str, reporter: Reporter, *, days: float, keep: Collection[str], yes: bool
) -> str:
    """Removes what nobody used for some days, when `yes`; what goes or would go, in a line."""
    for key in keep:
        if not is_digest(key):
            raise NotFoundError(f"{key!r} is no key", hint="`boatyard store show KEY` completes one")
    with alone(builds) if not address else contextlib.nullcontext(open_objects(address)) as store:
        with reporter.step(f"Look for what {store.address} can do without"):
            plan = plan_sweep(store, days=days, keep=keep)
        if yes and plan.goes:
            with reporter.step(f"Remove {len(plan.goes)} of {len(plan.goes) + plan.stays} objects and records"):
                sweep(store, plan)
    return _told(plan, done=yes)


def _told(plan: SweepPlan, *, done: bool) -> str:
    if not plan.goes:
        return f"nothing to free; {plan.stays} objects and records stay, {format_size(plan.stays_size)}"
    verb = "freed" if done else "would free"
    return (
        f"{verb} {format_size(plan.size)}: {plan.count(RECORDS)} records and {plan.count(OBJECTS)} objects;"
        f" {plan.stays} stay, {format_size(plan.stays_size)}{'' if done else '; --yes removes them'}"
    )


def _store(builds: Path, address: str) -> Objects:
    return open_objects(address) if address else FolderObjects(builds)
