"""Locks of seed components: what the mirror has today, written down once and kept until an update is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, SourceError
from boatyard.config.model.seed import DebSpec
from boatyard.config.model.source_file import DebSourceOrigin
from boatyard.sources.deb.lock import diff_locks, load_lock, plan_lock, save_lock
from boatyard.sources.deb.source_lock import (
    LockedFile,
    diff_source_locks,
    load_source_lock,
    save_source_lock,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.component import Component
    from boatyard.flow.yard import Yard
    from boatyard.sources.deb.lock import DebLock


def is_seeded(component: Component) -> bool:
    """Whether a component, or one of its source files, comes from a seed and is locked to what the mirror has."""
    return isinstance(component.spec, DebSpec) or bool(_deb_sources(component))


def update_locks(yard: Yard, components: Sequence[Component], *, write: bool = True) -> dict[str, tuple[str, ...]]:
    """Locks each seed component, and each file of a Debian source package, to what the mirror has now.

    For each component whose lock changes, the changes in words.
    """
    changed = {}
    for component in components:
        if not isinstance(component.spec, DebSpec):
            changes = _update_source_lock(yard, component, write=write)
            if changes:
                changed[component.name] = changes
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


def read_source_locks(yard: Yard, components: Sequence[Component]) -> dict[str, tuple[LockedFile, ...]]:
    """The locked files of all components with files of Debian source packages; NotFoundError as for read_locks."""
    locks: dict[str, tuple[LockedFile, ...]] = {}
    for component in components:
        wanted = _deb_sources(component)
        if not wanted:
            continue
        held = {file.name: file for file in load_source_lock(yard.workspace.locks, component.name) or ()}
        missing = [name for name, origin in wanted.items() if name not in held or held[name].package != origin.package]
        if missing:
            raise NotFoundError(
                f"component {component.name}: {', '.join(missing)} of Debian's sources is not locked",
                hint=f"`boatyard component update {component.name}` locks it to what the mirror has now",
            )
        locks[component.name] = tuple(held[name] for name in sorted(wanted))
    return locks


def _deb_sources(component: Component) -> dict[str, DebSourceOrigin]:
    """The files of a component that come from Debian source packages, by their names."""
    files = {file.filename: file.origin for file in component.source_files}
    return {name: origin for name, origin in files.items() if isinstance(origin, DebSourceOrigin)}


def _update_source_lock(yard: Yard, component: Component, *, write: bool) -> tuple[str, ...]:
    """Locks the files that a component takes from Debian source packages; what changes, in words."""
    wanted = _deb_sources(component)
    if not wanted:
        return ()
    old = load_source_lock(yard.workspace.locks, component.name)
    new = []
    for name, origin in wanted.items():
        seed, _ = yard.project.seed_named(origin.seed, component)
        try:
            found = yard.mirror.source_index(seed).find(origin.package, name)
        except NotFoundError as error:
            raise NotFoundError(
                f"component {component.name}: {error.problems[0].what}",
                where=yard.project.where("components", component.name),
                hint=error.problems[0].hint,
            ) from error
        new.append(LockedFile(**{key: getattr(found, key) for key in LockedFile.__struct_fields__}))
    changes = diff_source_locks(old, new)
    if write and changes:
        save_source_lock(yard.workspace.locks, component.name, new)
    return changes


def lock_today(yard: Yard, components: Sequence[Component]) -> None:
    """Locks everything to what the mirror has now, or keeps complete locks when it cannot be reached, and says so."""
    reporter = yard.ports.reporter
    try:
        changed = update_locks(yard, components)
    except SourceError as error:
        if not error.temporary:
            raise
        read_locks(yard, components)
        read_source_locks(yard, components)
        reporter.warn(
            f"the mirror cannot be reached; going on with the packages locked before ({error.problems[0].what})"
        )
        return
    folder = yard.workspace.locks
    if changed:
        reporter.note(f"locked {len(changed)} components to what the mirror has today, in {folder}")
    else:
        reporter.note(f"the mirror has what is locked in {folder}")
