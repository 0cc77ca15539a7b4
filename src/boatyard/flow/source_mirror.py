"""Fetches all that components are made from into the caches, so that later runs need no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.config.model.seed import DebSpec
from boatyard.flow.archives import fetch_archives, plan_archives
from boatyard.flow.lock import is_seeded
from boatyard.flow.source import plan_sources
from boatyard.graph.local import run_all
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.upstream.lock import load_pins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.config.model.component import Component
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.yard import Yard
    from boatyard.ports.progress import Reporter

CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What is in the cache for one component: a commit of its dist-git, archives or packages. `size`: their bytes."""

    component: str
    commit: str = ""
    files: int = 0
    size: int = 0
    error: BoatyardError | None = None


def mirror_components(
    upstream: Upstream, components: Sequence[Component], yard: Callable[[], Yard], reporter: Reporter
) -> list[Mirrored]:
    """Fetches the sources of components, eight at once; one result for each, sorted by name.

    A failure is part of the result and does not stop the others. `yard` is asked for only when something comes from a
    seed.
    """
    seeds = [component for component in components if isinstance(component.spec, DebSpec)]
    others = [component for component in components if not isinstance(component.spec, DebSpec)]
    with reporter.step(f"Fetch the sources of {len(components)} components"):
        results = run_all(lambda component: _mirror(upstream, component, yard), others, workers=CONNECTIONS)
        results += _mirror_seeds(seeds, yard) if seeds else []
    return sorted(results, key=lambda result: result.component)


def _mirror(upstream: Upstream, component: Component, yard: Callable[[], Yard]) -> Mirrored:
    spec, commit, sources = component.spec, "", b""
    try:
        if isinstance(spec, UpstreamSpec):
            commit, sources = upstream.fetch(component, spec)
        elif isinstance(spec, LocalSpec) and (file := spec.path.parent / "sources").is_file():
            sources = file.read_bytes()
        wanted = plan_archives(upstream, component, sources)
        paths = fetch_archives(upstream, component, wanted, load_pins(upstream.locks, component.name))
        if is_seeded(component):
            (source,) = plan_sources(yard(), [component])
            paths += source.fetch().values()
    except BoatyardError as error:
        return Mirrored(component=component.name, commit=commit, error=error)
    size = sum(path.stat().st_size for path in paths)
    return Mirrored(component=component.name, commit=commit, files=len(paths), size=size)


def _mirror_seeds(seeds: Sequence[Component], yard: Callable[[], Yard]) -> list[Mirrored]:
    try:
        opened = yard()
        locks = [source.lock for source in plan_sources(opened, seeds) if source.lock is not None]
        mirror = opened.mirror
        debs = fetch_debs(locks, mirror.mirror, mirror.store, opened.ports.reporter, mirror.any_index)
    except BoatyardError as error:
        return [Mirrored(component=component.name, error=error) for component in seeds]
    sizes = {lock.component: sum(deb.size for deb in lock.debs) for lock in locks}
    return [Mirrored(component=name, files=len(files), size=sizes[name]) for name, files in debs.items()]
