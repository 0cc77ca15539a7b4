"""Locks of seed components: what the mirror has today, written down once and kept until an update is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, SourceError
from boatyard.config.model.seed import DebSpec
from boatyard.sources.deb.lock import diff_locks, load_lock, plan_lock, save_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.component import Component
    from boatyard.flow.yard import Yard
    from boatyard.sources.deb.lock import DebLock


def update_locks(yard: Yard, components: Sequence[Component], *, write: bool = True) -> dict[str, tuple[str, ...]]:
    """Locks each seed component to what the mirror has now; for each whose lock changes, the changes in words."""
    changed = {}
    for component in components:
        if not isinstance(component.spec, DebSpec):
            continue
        name, _ = yard.project.seed_of(component)
        old = load_lock(yard.workspace.locks, component.name, yard.arch)
        new = plan_lock(component.name, component.spec, yard.mirror.index(name), yard.arch)
        changes = diff_locks(old, new)
        if changes or old is None:
            changed[component.name] = changes
            if write:
                save_lock(new, yard.workspace.locks)
    return changed


def read_locks(yard: Yard, components: Sequence[Component]) -> dict[str, DebLock]:
    """The locks of all seed components among these; NotFoundError naming those that have none."""
    locks: dict[str, DebLock] = {}
    missing = []
    for component in components:
        if isinstance(component.spec, DebSpec):
            lock = load_lock(yard.workspace.locks, component.name, yard.arch)
            if lock is None:
                missing.append(component.name)
            else:
                locks[component.name] = lock
    if missing:
        shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        raise NotFoundError(
            f"{len(missing)} components are not locked: {shown}",
            hint="`boatyard component update -a` locks them to what the mirror has now",
        )
    return locks


def lock_today(yard: Yard, components: Sequence[Component]) -> None:
    """Locks everything to what the mirror has now, or keeps complete locks when it cannot be reached, and says so."""
    reporter = yard.ports.reporter
    try:
        changed = update_locks(yard, components)
    except SourceError as error:
        if not error.temporary:
            raise
        read_locks(yard, components)
        reporter.warn(
            f"the mirror cannot be reached; going on with the packages locked before ({error.problems[0].what})"
        )
        return
    folder = yard.workspace.locks
    if changed:
        reporter.note(f"locked {len(changed)} components to what the mirror has today, in {folder}")
    else:
        reporter.note(f"the mirror has what is locked in {folder}")
