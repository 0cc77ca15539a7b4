"""Locks upstream and local components to what the configuration means now: all that are asked for, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.digest import sha256_tree
from boatyard.base.error import NotFoundError, SourceError, about
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.flow.archives import weak_archives
from boatyard.flow.fingerprint import input_fingerprint
from boatyard.graph.local import run_all
from boatyard.sources.upstream.lock import Lock, load_lock, load_pins, save_lock, save_pins, tell_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.component import Component
    from boatyard.flow.upstream import Upstream
    from boatyard.ports.progress import Reporter

CONNECTIONS = 8
Pins = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRules:
    """`bump`: raise the manual bump of locks that exist, and ask no server. `recalculate`: take nothing from old locks.

    `write`: off to compare only.
    """

    bump: bool = False
    recalculate: bool = False
    write: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A lock before and now. `pins`: what the archives without a strong digest are; None when that is as before."""

    component: str
    old: Lock | None
    new: Lock
    pins: Pins | None = None

    @property
    def changed(self) -> bool:
        """Whether the lock would be written anew."""
        return self.old != self.new

    @property
    def unknown(self) -> bool:
        """Whether azldev wrote the fingerprint, so that only a change of the upstream commit is seen."""
        return self.new.foreign

    def changes(self) -> tuple[str, ...]:
        """What changes, in words."""
        return tell_changes(self.old, self.new)


def update_upstream_locks(
    upstream: Upstream, components: Sequence[Component], rules: LockRules, reporter: Reporter
) -> list[Locked]:
    """Locks each upstream component, eight at once; one result for each, in their order.

    In a project that has upstream components, local ones are locked as well: the history of a lock counts releases.

    A lock is fresh, and its commit is not looked up again, when what chooses the commit is as it was, and is a
    snapshot or a pin. The first failure is raised, and then no lock is written.
    """
    has_upstream = any(isinstance(one.spec, UpstreamSpec) for one in upstream.project.components.values())
    kinds = (UpstreamSpec, LocalSpec) if has_upstream else ()
    chosen = [component for component in components if isinstance(component.spec, kinds)]
    if not chosen:
        return []
    with reporter.step(f"Lock {len(chosen)} components"):
        results = run_all(lambda component: _lock_one(upstream, component, rules), chosen, workers=CONNECTIONS)
    for result in results if rules.write else ():
        if result.pins is not None:
            save_pins(result.pins, upstream.locks, result.component)
        if result.changed:
            save_lock(result.new, upstream.locks, result.component)
    return results


def _lock_one(upstream: Upstream, component: Component, rules: LockRules) -> Locked:
    with about(component.name):
        return _lock(upstream, component, rules)


def _lock(upstream: Upstream, component: Component, rules: LockRules) -> Locked:
    spec = component.spec
    old = load_lock(upstream.locks, component.name)
    if rules.bump and old is None:
        raise NotFoundError(
            f"{component.name} has no lock whose bump could be raised",
            hint=f"`boatyard component update {component.name}` makes one",
        )
    lock = old or Lock()
    if isinstance(spec, UpstreamSpec):
        new, release_ver = _lock_upstream(upstream, component, spec, lock, rules)
        identity = new.upstream_commit
    else:
        assert isinstance(spec, LocalSpec)
        new, identity, release_ver = _lock_local(upstream, component, spec, lock)
    if rules.bump:
        new = structs.replace(new, manual_bump=lock.manual_bump + 1)
    same = (new.upstream_commit, new.manual_bump) == (lock.upstream_commit, lock.manual_bump)
    if not (lock.foreign and same and not rules.recalculate):
        token = input_fingerprint(component, identity, new.manual_bump, release_ver)
        new = structs.replace(new, input_fingerprint=token)
    pins = None
    if isinstance(spec, UpstreamSpec) and rules.write and not rules.bump:
        fresh = old is not None and same and not rules.recalculate
        pins = None if fresh else _pin(upstream, component, spec, new.upstream_commit)
    return Locked(component=component.name, old=old, new=new, pins=pins)


def _lock_upstream(
    upstream: Upstream, component: Component, spec: UpstreamSpec, lock: Lock, rules: LockRules
) -> tuple[Lock, str]:
    release_ver = upstream.project.distro_version(spec.upstream_distro)[1].release_ver
    if rules.bump:
        return lock, release_ver
    resolution = upstream.resolution(spec)
    settled = bool(spec.upstream_commit or spec.upstream_distro.snapshot)
    fresh = lock.upstream_commit and lock.resolution_input_hash == resolution and settled and not rules.recalculate
    commit = lock.upstream_commit if fresh else upstream.resolve(component, spec)
    new = structs.replace(
        lock,
        upstream_commit=commit,
        import_commit=lock.import_commit or commit,
        resolution_input_hash=resolution,
    )
    return new, release_ver


def _lock_local(upstream: Upstream, component: Component, spec: LocalSpec, lock: Lock) -> tuple[Lock, str, str]:
    if not spec.path.is_file():
        raise SourceError(
            f"{component.name}: there is no spec {spec.path}",
            where=upstream.project.where("components", component.name),
            hint="write it, or mend the path",
        )
    settings = upstream.project.settings
    reference = spec.upstream_distro
    named = reference.name or settings.default_distro.name
    release_ver = upstream.project.distro_version(reference)[1].release_ver if named else ""
    new = structs.replace(lock, upstream_commit="", import_commit="", resolution_input_hash="")
    return new, f"sha256:{sha256_tree(spec.path.parent)}", release_ver


def _pin(upstream: Upstream, component: Component, spec: UpstreamSpec, commit: str) -> Pins | None:
    """SHA-512 of the archives that upstream has the MD5 of only; None when there are none, and were none."""
    place = upstream.place(component, spec)
    whole = place.repository.require(commit, place.branch)
    sources = place.repository.read(whole, "sources") or b""
    weak = weak_archives(upstream, component, sources)
    known = load_pins(upstream.locks, component.name)
    if not weak:
        return {} if known else None
    pins: Pins = {}
    for archive in weak:
        md5 = archive.digest.lower()
        digest = known.get(md5) or upstream.archives.fetch_weak(archive.name, archive.urls, md5)
        pins[md5] = (digest, archive.name)
    return pins
