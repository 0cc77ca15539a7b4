"""Build the components of a project: what is in the store is taken from there, the rest is built side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_ledger import record_result
from boatyard.artifact.build_result import BuildInputs
from boatyard.base.digest import fingerprint
from boatyard.build.rpmbuild import build_key, find_environment, run_build
from boatyard.build.store import BuildStore
from boatyard.flow.depot import open_depot
from boatyard.flow.source import write_tree
from boatyard.graph.local import run_all
from boatyard.ports import clock
from boatyard.ports.files import locked
from boatyard.sources.deb.download import fetch_debs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import BuildResult
    from boatyard.build.rpmbuild import BuildEnvironment
    from boatyard.flow.source import ComponentSource
    from boatyard.flow.yard import Yard


@dataclass(frozen=True, slots=True)
class FoundSeeds:
    """What this host would build components with, their keys, and the results that are there; None where none is."""

    environment: BuildEnvironment
    keys: Mapping[str, str]
    results: Mapping[str, BuildResult | None]


def find_seeds(yard: Yard, store: BuildStore, sources: Sequence[ComponentSource]) -> FoundSeeds:
    """The results that are in the store, by component; nothing is built."""
    environment = find_environment(yard.arch, yard.ports.run)
    keys = {source.component.name: build_key(source.key, environment) for source in sources}
    return FoundSeeds(environment, keys, dict(zip(keys, run_all(store.find, keys.values()), strict=True)))


def seed_inputs(source: ComponentSource, environment: BuildEnvironment) -> BuildInputs:
    """What a component is made from by the host. Its key tells whether anything has changed; people know versions."""
    version = {} if source.lock is None else {"version": source.lock.version}
    own = {"sources and rules": source.key, "back end": f"host {fingerprint(environment)}"}
    return BuildInputs(definition=version | own)


def build_seeds(yard: Yard, sources: Sequence[ComponentSource]) -> tuple[list[BuildResult], int]:
    """The results, in the order of the sources, and how many were built just now; the heaviest first.

    Killed at any moment, a second run goes on from there.
    """
    ports = yard.ports
    builds = yard.workspace.builds
    busy = "waiting for another run that builds"
    with open_depot(builds) as depot, locked(builds / "lock", lambda: ports.reporter.note(busy)):
        store = BuildStore(depot)
        seeds = find_seeds(yard, store, sources)
        found = dict(seeds.results)
        todo = sorted((s for s in sources if found[s.component.name] is None), key=lambda s: -s.weight)
        debs = _fetch(yard, todo)
        done = 0

        def build(source: ComponentSource) -> BuildResult:
            nonlocal done
            name, started = source.component.name, clock.monotonic()
            with ports.reporter.step(name), store.working_dir() as work:
                tree_dir = work / "tree"
                tree_dir.mkdir()
                tree = write_tree(source, debs.get(name, {}), tree_dir)
                log = _new_log(yard.workspace.log, name)
                rpms = run_build(tree, seeds.environment, work, log, ports.run)
                result = store.add(name, seeds.keys[name], rpms, log, started)
            done += 1
            ports.reporter.progress(done, len(todo))
            return result

        if todo:
            with ports.reporter.step(f"Build {len(todo)} of {len(sources)} components"):
                built = run_all(build, todo)
            found |= {result.component: result for result in built}
    results = [result for result in found.values() if result is not None]
    _record(yard, sources, found, {source.component.name for source in todo}, seeds.environment)
    return results, len(todo)


def _record(
    yard: Yard,
    sources: Sequence[ComponentSource],
    results: Mapping[str, BuildResult | None],
    fresh: Collection[str],
    environment: BuildEnvironment,
) -> None:
    """Writes down what seed components are made of now.

    What buildroots begin with is recorded when it is built again.
    """
    for source in sources:
        name = source.component.name
        result = results[name]
        if source.lock is None or result is None:
            continue
        inputs = seed_inputs(source, environment)
        made = structs.replace(result, inputs=inputs)
        record_result(yard.workspace.ledger, yard.arch, made, reused=name not in fresh, seen=inputs)


def _new_log(folder: Path, component: str) -> Path:
    """Where the log of a build goes: outside of the build's folder, so that it is there when the build has failed."""
    log = folder / "build" / f"{component}.log"
    log.unlink(missing_ok=True)
    return log


def _fetch(yard: Yard, todo: Sequence[ComponentSource]) -> Mapping[str, Mapping[str, Path]]:
    locks = [source.lock for source in todo if source.lock is not None]
    if not locks:
        return {}
    count = sum(len(lock.debs) for lock in locks)
    with yard.ports.reporter.step(f"Fetch {count} seed packages"):
        return fetch_debs(locks, yard.mirror.mirror, yard.mirror.store, yard.ports.reporter, yard.mirror.any_index)
