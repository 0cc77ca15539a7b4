"""Builds components: what is there already is reused, the rest is built, each as soon as what it needs is done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from boatyard.artifact.build_ledger import record_result
from boatyard.artifact.build_result import BuildResult
from boatyard.artifact.build_task import Limits
from boatyard.artifact.codec import from_json
from boatyard.base.error import BuildError, ConfigError
from boatyard.build.buildroot import sweep_roots
from boatyard.build.store import BuildStore
from boatyard.config.model.seed import DebSpec
from boatyard.flow.autospec import find_rpmautospec
from boatyard.flow.build.base import base_packages
from boatyard.flow.build.definition import Definer, Definition, Definitions
from boatyard.flow.build.mock import MockWork, find_mock
from boatyard.flow.build.repository import Repositories, open_repositories
from boatyard.flow.build.script_root import with_script_roots
from boatyard.flow.build.seed import build_seeds
from boatyard.flow.build.task import Order
from boatyard.flow.build.work import BuildWork, Rules
from boatyard.flow.depot import open_depot
from boatyard.flow.graph import JOURNAL, known_seconds, order_of_builds, plan_builds, read_graph
from boatyard.flow.render import RenderOptions
from boatyard.flow.source import plan_sources
from boatyard.flow.upstream import open_upstream
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal
from boatyard.graph.plan import BY_HOST, PlanKind, component_of, is_first_stage
from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

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
    """The results of all components, in their order, how many were built just now, and which source ones were not.

    Results of first stages, which nobody is given, are not among the latter.
    """

    results: tuple[BuildResult, ...]
    fresh: int
    reused: tuple[BuildResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build. `strict`: reuse only what was built with the very same packages. `keep`: keep folders of builds.

    `plan`: how needs that go round in circles are met. `afresh`, `until`: see `flow.build.work.Rules`. `executor`:
    where builds run, given a folder for them; `elsewhere` when that is not this machine. `backend`: instead of the
    project's. `dry`: nothing is built or noted down, it is only looked at what would be.
    """

    strict: bool = False
    keep: bool = False
    plan: PlanKind = PlanKind.A
    afresh: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    upstream: Upstream | None = None
    executor: Callable[[Path], AbstractContextManager[Executor]] = LocalExecutor
    elsewhere: bool = False
    backend: Literal["", "sandbox", "mock"] = ""
    dry: bool = False


DEFAULT = BuildOptions()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The work of a build graph. `needs`: of the nodes that are wanted, which grow as the work finds out more."""

    work: BuildWork | MockWork
    needs: Mapping[str, set[str]]
    plan: Plan


def build_components(yard: Yard, components: Sequence[Component], options: BuildOptions = DEFAULT) -> Built:
    """The packages of components, and of those they need. Killed at any moment, a second run goes on from there.

    What can be built is built, whatever else fails; BuildError then tells all failures. There is no result for what
    the configuration expects to fail.
    """
    seeds = [component for component in components if isinstance(component.spec, DebSpec)]
    others = [component for component in components if not isinstance(component.spec, DebSpec)]
    if not others:
        results, fresh = build_seeds(yard, plan_sources(yard, seeds))
        return Built(tuple(results), fresh)
    below, fresh = base_packages(yard)
    made = {result.component: result for result in below}
    buildroot = yard.project.buildroot
    if not buildroot.packages and {component.name for component in others} <= set(buildroot.bootstrap):
        return Built(tuple(made[component.name] for component in components), fresh)
    outcome = build_graph(yard, others, {name: result.rpms for name, result in made.items()}, options)
    built = len(outcome.results) - len(outcome.reused)
    yard.ports.reporter.note(f"{built} built, {len(outcome.reused)} reused")
    raise_failures(yard, outcome)
    ours = {name: from_json(BuildResult, outcome.results[name]) for name in outcome.results}
    made = {name: result for name, result in made.items() if name not in yard.project.buildroot.bootstrap} | ours
    return Built(
        tuple(made[component.name] for component in components if component.name in made),
        fresh + built,
        tuple(ours[name] for name in sorted(outcome.reused) if not is_first_stage(name)),
    )


def rebuild(yard: Yard, options: BuildOptions, result: BuildResult) -> BuildResult:
    """Builds the component of a result anew with what it is built with now, and leaves no trace of it in the ledger."""
    name = result.component
    afresh = replace(options, keep=False, afresh={name: token_hex(8)})
    return build_components(yard, [yard.project.component(name)], afresh).results[0]


def limits_of(buildroot: Buildroot) -> Limits:
    """What a build of the project may use."""
    return Limits(
        memory_mib=parse_size(buildroot.memory) // MIB,
        disk_mib=parse_size(buildroot.disk) // MIB,
        processes=buildroot.processes,
        seconds=buildroot.time_limit_s,
        silent_s=buildroot.silence_limit_s,
    )


def build_graph(
    yard: Yard, components: Sequence[Component], base: Mapping[str, Sequence[RpmFile]], options: BuildOptions
) -> Outcome:
    """Builds in buildroots; `base`: the packages that are there already, by their component."""
    workspace = yard.workspace
    with open_depot(workspace.builds) as depot:
        ready = prepare_graph(yard, components, base, options, depot, partial(_record, yard, options))
        with (
            yard.ports.reporter.step(f"Bring {len(ready.needs)} components up to date"),
            options.executor(depot.work / "task") as executor,
            Journal(workspace.work / JOURNAL) as journal,
        ):
            seconds = known_seconds(workspace, ready.plan)
            outcome = run_graph(
                ready.needs, ready.work, executor, journal, seconds=seconds, reporter=yard.ports.reporter
            )
    sweep_roots(workspace.buildroots, max_age_s=KEEP_ROOTS_S, max_bytes=KEEP_ROOTS_BYTES)
    return outcome


def prepare_graph(
    yard: Yard,
    components: Sequence[Component],
    base: Mapping[str, Sequence[RpmFile]],
    options: BuildOptions,
    depot: Depot,
    told: Callable[[BuildResult, bool, BuildInputs], None],
) -> Prepared:
    """What is to be done for components, their sources prepared. `base`, `told`: see `flow.build.work.BuildWork`."""
    project, workspace = yard.project, yard.workspace
    config = _mock(yard, options)
    if config is None:
        _require_packages(project.buildroot)
    # From texts alone: what is planned must not depend on what builds have told before.
    graph = read_graph(project, arch=yard.arch, locks=workspace.locks)
    definer = _definer(yard, options, depot)
    repositories = Repositories()
    if config is None:
        offline = definer.upstream.dist_git.offline
        repositories = open_repositories(yard, depot, offline=offline, record=not options.dry)
    plan = plan_builds(
        project, graph, options.plan, repositories_have=repositories.have if repositories.folders else None
    )
    needs, taken = _needs(yard, graph, plan), plan.from_seed()
    nodes = _closure([component.name for component in components], needs)
    definitions = _prepare_sources(yard, definer, nodes)
    _tell_cuts(yard, plan, nodes)
    work = BuildWork(
        rules=_rules(yard, options, repositories.folders, depot),
        define=definitions.of,
        base=base,
        needs=needs,
        cut=lambda name: taken.get(name, ()),
        providers=graph.providers,
        fetch=repositories.fetch,
        store=BuildStore(depot),
        cache=workspace.cache,
        told=told,
        ready=_untouched if options.dry else partial(definitions.with_tree, elsewhere=options.elsewhere),
    )
    by = work if config is None else MockWork.instead_of(work, config, plan.needs)
    return Prepared(by, {node: needs[node] for node in nodes}, plan)


def _require_packages(buildroot: Buildroot) -> None:
    if not buildroot.packages:
        raise ConfigError(
            "the project does not say what its buildroots are made of",
            hint="add `[buildroot]` with `packages = [ … ]`: rpm-build, a shell, what every build may rely on;"
            " or with `bootstrap = [ … ]`, for components that only pack files",
        )


def _prepare_sources(yard: Yard, definer: Definer, nodes: Sequence[str]) -> Definitions:
    with yard.ports.reporter.step(f"Prepare the sources of {len(nodes)} components"):
        names = sorted({component_of(node) for node in nodes})
        definitions = Definitions(definer, yard.project.components)
        definitions.make(names)
    return definitions


def _tell_cuts(yard: Yard, plan: Plan, nodes: Collection[str]) -> None:
    """Says which builds take packages of the seed instead of the project's own, where that is not as always."""
    for cut in plan.cut:
        if cut.node in nodes and cut.reason != BY_HOST:
            yard.ports.reporter.note(f"{cut.node} is built with {cut.need} of the seed: {cut.reason}")


def _mock(yard: Yard, options: BuildOptions) -> Path | None:
    """The configuration of mock, if that is to build; ConfigError for what cannot be done with it."""
    if (options.backend or yard.project.buildroot.backend) != "mock":
        return None
    if options.until:
        raise ConfigError(
            "a shell opens in Boatyard's own buildroots only", hint='use `mock --shell`, or set `backend = "sandbox"`'
        )
    if options.elsewhere:
        raise ConfigError("builds with mock run on this machine only", hint="leave out --scheduler and --engine")
    return find_mock(yard.project)


def _untouched(definition: Definition) -> Definition:
    return definition


def _rules(yard: Yard, options: BuildOptions, repositories: tuple[Path, ...], depot: Depot) -> Rules:
    buildroot = yard.project.buildroot
    return Rules(
        arch=yard.arch,
        backend=options.backend or buildroot.backend,
        packages=buildroot.packages,
        limits=limits_of(buildroot),
        repositories=repositories,
        strict=options.strict,
        afresh=options.afresh,
        until=options.until,
        order=partial(_order, yard, options, depot),
    )


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
    if not options.dry:
        upstream = with_script_roots(upstream, lambda: yard)
    return Definer(yard, upstream, how, depot)


def _order(yard: Yard, options: BuildOptions, depot: Depot, node: str, task: BuildTask) -> Order:
    """What the workers of this machine are told besides; others have folders of their own, and the shared store.

    Both stages of a component may be built at the same time, so log and folder are those of the node.
    """
    if options.elsewhere:
        if not options.dry:
            depot.share(rpm.sha256 for rpm in task.buildroot)
        return Order(task=task)
    workspace = yard.workspace
    return Order(
        task=task,
        builds=str(workspace.builds),
        roots=str(workspace.buildroots),
        log=str(workspace.log.absolute() / "build" / f"{node}.log"),
        keep=str(workspace.kept.absolute() / node) if options.keep else "",
    )


def _record(yard: Yard, options: BuildOptions, result: BuildResult, reused: bool, seen: BuildInputs) -> None:
    if result.component not in options.afresh:
        record_result(yard.workspace.ledger, yard.arch, result, reused=reused, seen=seen)


def raise_failures(yard: Yard, outcome: Outcome) -> None:
    """BuildError for what failed; what the configuration expects to fail is told, with what needs it."""
    components, reporter = yard.project.components, yard.ports.reporter
    expected = {name for name in outcome.failed if components[component_of(name)].build.failure.expected}
    for name in sorted(expected):
        reporter.note(f"{name} fails, as expected: {components[component_of(name)].build.failure.expected_reason}")
    for name, need in sorted(outcome.skipped.items()):
        if need in expected:
            reporter.note(f"{name} is not built: it needs {need}")
    failed = {name: error for name, error in outcome.failed.items() if name not in expected}
    without = [name for name, need in outcome.skipped.items() if need in failed]
    if not failed:
        return
    if len(failed) == 1 and not without:
        raise next(iter(failed.values()))
    skipped = f", and {len(without)} that need them are not built" if without else ""
    lines = [f"{name}: {error.problems[0].what}" for name, error in sorted(failed.items())]
    raise BuildError(
        f"{len(failed)} component(s) failed{skipped}",
        detail="\n".join(lines),
        hint=f"logs: {yard.workspace.log / 'build'}; what was built is kept",
    )


def _needs(yard: Yard, graph: BuildGraph, plan: Plan) -> dict[str, set[str]]:
    """The nodes that are built, and what each needs to be built first, as far as specs tell.

    What buildroots are made of, in a build made in one, comes before all that it does not need itself.
    """
    bootstrap = frozenset(yard.project.buildroot.bootstrap)
    needs = {node: set(found) for node, found in order_of_builds(graph, plan).items()}
    below = set(_closure(sorted(bootstrap & needs.keys()), needs))
    return {node: found if node in below else found | (bootstrap & needs.keys()) for node, found in needs.items()}


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
