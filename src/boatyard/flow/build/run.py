"""Builds components: what is there already is reused, the rest is built, each as soon as what it needs is done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from boatyard.artifact.build_ledger import record_result
from boatyard.artifact.build_result import BuildResult
from boatyard.artifact.build_task import Limits
from boatyard.artifact.codec import from_json
from boatyard.base.error import BuildError, ConfigError
from boatyard.build.buildroot import sweep_roots
from boatyard.build.store import BuildStore
from boatyard.config.model.seed import DebSpec
from boatyard.flow.autospec import find_rpmautospec
from boatyard.flow.build.definition import Definer
from boatyard.flow.build.repository import open_repositories
from boatyard.flow.build.seed import build_seeds
from boatyard.flow.build.task import Order
from boatyard.flow.build.work import BuildWork, Rules
from boatyard.flow.depot import open_depot
from boatyard.flow.graph import plan_builds, read_graph
from boatyard.flow.render import RenderOptions
from boatyard.flow.source import plan_sources
from boatyard.flow.upstream import open_upstream
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal
from boatyard.graph.local import run_all
from boatyard.graph.plan import PlanKind
from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from boatyard.artifact.build_result import BuildInputs, RpmFile
    from boatyard.artifact.build_task import BuildTask
    from boatyard.build.depot import Depot
    from boatyard.config.model.buildroot import Buildroot
    from boatyard.config.model.component import Component
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.yard import Yard
    from boatyard.graph.build_graph import BuildGraph
    from boatyard.graph.plan import Plan
    from boatyard.graph.work import Executor, Outcome

KEEP_ROOTS_S, KEEP_ROOTS_BYTES = 14 * 86_400, 30 << 30


@dataclass(frozen=True, slots=True)
class Built:
    """The results of all components, in their order, and how many of them were built just now."""

    results: tuple[BuildResult, ...]
    fresh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build. `strict`: reuse only what was built with the very same packages. `keep`: keep folders of builds.

    `plan`: how needs that go round in circles are met. `jobs`: builds side by side on this machine (0: one for each
    processor). `engine`: another place for them to run. `upstream`: how upstream sources are had.
    """

    strict: bool = False
    keep: bool = False
    plan: PlanKind = PlanKind.A
    jobs: int = 0
    engine: Callable[[], AbstractContextManager[Executor]] | None = None
    upstream: Upstream | None = None


DEFAULT = BuildOptions()


def build_components(yard: Yard, components: Sequence[Component], options: BuildOptions = DEFAULT) -> Built:
    """The packages of components, and of those they need. Killed at any moment, a second run goes on from there.

    What can be built is built, whatever else fails; BuildError then tells all failures.
    """
    seeds = [component for component in components if isinstance(component.spec, DebSpec)]
    others = [component for component in components if not isinstance(component.spec, DebSpec)]
    if not others:
        results, fresh = build_seeds(yard, plan_sources(yard, seeds))
        return Built(tuple(results), fresh)
    everything = yard.project.components
    base = [one for one in everything.values() if isinstance(one.spec, DebSpec)]
    base += [everything[name] for name in yard.project.buildroot.bootstrap]
    below, fresh = build_seeds(yard, plan_sources(yard, base))
    made = {result.component: result for result in below}
    buildroot = yard.project.buildroot
    if not buildroot.packages and {component.name for component in others} <= set(buildroot.bootstrap):
        return Built(tuple(made[component.name] for component in components), fresh)
    outcome = _build_graph(yard, others, {name: result.rpms for name, result in made.items()}, options)
    _raise_failures(yard, outcome)
    made |= {name: from_json(BuildResult, outcome.results[name]) for name in outcome.results}
    return Built(
        tuple(made[component.name] for component in components), fresh + len(outcome.results) - len(outcome.reused)
    )


def limits_of(buildroot: Buildroot) -> Limits:
    """What a build of the project may use."""
    return Limits(
        memory_mib=parse_size(buildroot.memory) // MIB,
        disk_mib=parse_size(buildroot.disk) // MIB,
        processes=buildroot.processes,
        seconds=buildroot.time_limit_s,
        silent_s=buildroot.silence_limit_s,
    )


def _build_graph(
    yard: Yard, components: Sequence[Component], base: Mapping[str, Sequence[RpmFile]], options: BuildOptions
) -> Outcome:
    """Builds in buildroots; `base`: the packages that are there already, by their component."""
    project, ports, workspace = yard.project, yard.ports, yard.workspace
    if not project.buildroot.packages:
        raise ConfigError(
            "the project does not say what its buildroots are made of",
            hint="add `[buildroot]` with `packages = [ … ]`: rpm-build, a shell, what every build may rely on;"
            " or with `bootstrap = [ … ]`, for components that only pack files",
        )
    graph = read_graph(project, arch=yard.arch, locks=workspace.locks)
    plan = plan_builds(project, graph, options.plan)
    needs, taken = _needs(yard, graph, plan), plan.from_seed()
    with open_depot(workspace.builds) as depot:
        definer = _definer(yard, options, depot)
        names = _closure([component.name for component in components], needs)
        with ports.reporter.step(f"Prepare the sources of {len(names)} components"):
            defined = dict(zip(names, run_all(definer.define, [project.components[n] for n in names]), strict=True))
        repositories = open_repositories(yard)
        work = BuildWork(
            rules=Rules(
                arch=yard.arch,
                backend=project.buildroot.backend,
                packages=project.buildroot.packages,
                limits=limits_of(project.buildroot),
                repositories=repositories.folders,
                strict=options.strict,
                order=partial(_order, yard, options),
            ),
            define=lambda name: defined[name] if name in defined else definer.define(project.components[name]),
            base=base,
            graph=frozenset(needs),
            needs=needs,
            cut=lambda name: taken.get(name, ()),
            providers=graph.providers,
            fetch=repositories.fetch,
            store=BuildStore(depot),
            cache=workspace.cache,
            told=partial(_record, yard),
        )
        with (
            ports.reporter.step(f"Build {len(names)} components"),
            _executor(yard, options, depot) as executor,
            Journal(workspace.work / "build.jsonl") as journal,
        ):
            wanted = {name: needs[name] for name in names}
            outcome = run_graph(wanted, work, executor, journal, seconds=journal.seconds, reporter=ports.reporter)
    sweep_roots(workspace.buildroots, max_age_s=KEEP_ROOTS_S, max_bytes=KEEP_ROOTS_BYTES)
    return outcome


def _definer(yard: Yard, options: BuildOptions, depot: Depot) -> Definer:
    workspace = yard.workspace
    how = RenderOptions(
        root=workspace.work / "none",
        locks=workspace.locks,
        work=workspace.work / "prepare",
        rpmautospec=find_rpmautospec(),
        archives=True,
    )
    upstream = options.upstream or open_upstream(yard.project, workspace, yard.ports)
    return Definer(yard, upstream, how, depot)


def _order(yard: Yard, options: BuildOptions, task: BuildTask) -> Order:
    """What the workers of this machine are told besides; others have folders of their own."""
    if options.engine is not None:
        return Order(task=task)
    workspace = yard.workspace
    return Order(
        task=task,
        builds=str(workspace.builds),
        roots=str(workspace.buildroots),
        log=str(workspace.log.absolute() / "build" / f"{task.component}.log"),
        keep=str(workspace.kept.absolute() / task.component) if options.keep else "",
    )


def _executor(yard: Yard, options: BuildOptions, depot: Depot) -> AbstractContextManager[Executor]:
    if options.engine is not None:
        return options.engine()
    return LocalExecutor(depot.work / "task", jobs=options.jobs, arch=yard.arch)


def _record(yard: Yard, result: BuildResult, reused: bool, seen: BuildInputs) -> None:
    record_result(yard.workspace.ledger, yard.arch, result, reused=reused, seen=seen)


def _raise_failures(yard: Yard, outcome: Outcome) -> None:
    """BuildError for what failed; one that the configuration expects to fail is told, and stops nobody else."""
    components, reporter = yard.project.components, yard.ports.reporter
    failed = dict(outcome.failed)
    if not failed:
        return
    for name in [name for name in failed if components[name].build.failure.expected]:
        reporter.note(f"{name} fails, as expected: {components[name].build.failure.expected_reason}")
    if len(failed) == 1 and not outcome.skipped:
        raise next(iter(failed.values()))
    skipped = f", and {len(outcome.skipped)} that need them are not built" if outcome.skipped else ""
    lines = [f"{name}: {error.problems[0].what}" for name, error in sorted(failed.items())]
    raise BuildError(
        f"{len(failed)} component(s) failed{skipped}",
        detail="\n".join(lines),
        hint=f"logs: {yard.workspace.log / 'build'}; what was built is kept",
    )


def _needs(yard: Yard, graph: BuildGraph, plan: Plan) -> dict[str, set[str]]:
    """What each component that is built needs to be built first, as far as specs tell.

    What buildroots are made of comes first of all, in a build made in such a buildroot.
    """
    project = yard.project
    bootstrap = set(project.buildroot.bootstrap)
    needs = {
        name: {need for need in plan.needs.get(name, ()) if need not in graph.once}
        for name in project.components
        if name not in graph.once
    }
    return {name: found - bootstrap if name in bootstrap else found | bootstrap for name, found in needs.items()}


def _closure(names: Sequence[str], needs: Mapping[str, Collection[str]]) -> list[str]:
    """Components with all they need, in a fixed order."""
    found: dict[str, None] = {}
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = None
            todo.extend(needs[name])
    return sorted(found)
