"""What the next build would make components from, found out without building anything.

The work of the build graph is asked as a build asks it, node by node, each after what it needs. Where it is done, the
store has the result; where it wants something done, the component is to be built, and what needs it is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, NoReturn, Protocol

from boatyard.artifact.build_ledger import read_entry
from boatyard.artifact.build_task import Requirements
from boatyard.artifact.codec import from_json, to_json
from boatyard.base.error import SourceError
from boatyard.build.solve import UnsolvableError
from boatyard.build.store import BuildStore
from boatyard.config.model.seed import DebSpec
from boatyard.flow.build.base import base_components
from boatyard.flow.build.run import BuildOptions, prepare_graph
from boatyard.flow.build.seed import find_seeds, seed_inputs
from boatyard.flow.build.task import BUILD, Order, answer
from boatyard.flow.depot import open_depot
from boatyard.flow.source import plan_sources
from boatyard.flow.upstream import open_upstream
from boatyard.graph.plan import component_of
from boatyard.graph.why import Known, Unknown
from boatyard.graph.work import Done, Wait, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from boatyard.artifact.build_ledger import BuildEntry
    from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile
    from boatyard.build.depot import Depot
    from boatyard.config.model.component import Component
    from boatyard.flow.yard import Yard


def foresee(yard: Yard, components: Sequence[Component], options: BuildOptions) -> dict[str, Known | Unknown]:
    """What each component, and each that it needs, would be built from, by name; nothing is built.

    Sources are prepared, and packages of repositories fetched, where a build would do so. Errors are those of a build
    before it builds: sources that cannot be had, a buildroot that cannot be made.
    """
    buildroot = yard.project.buildroot
    others = [component for component in components if not isinstance(component.spec, DebSpec)]
    with open_depot(yard.workspace.builds) as depot:
        base = _find_base(yard, depot, base_components(yard.project) if others else components)
        if not others or (not buildroot.packages and {one.name for one in others} <= set(buildroot.bootstrap)):
            return dict(base.present)
        if buildroot.packages:  # what buildroots are made of is built again in one, and told of that
            others += map(yard.project.component, buildroot.bootstrap)
        return {**base.present, **_foresee_graph(yard, others, base, _without_building(yard, options), depot)}


@dataclass(frozen=True, slots=True)
class Base:
    """What there is before anything is built in a buildroot, by component.

    Where the host is to make packages anew, those of before stand in for them: `outdated` has their components by
    digest, `missing` the components of which there are none.
    """

    present: Mapping[str, Known] = field(default_factory=dict)
    packages: Mapping[str, tuple[RpmFile, ...]] = field(default_factory=dict)
    outdated: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def _find_base(yard: Yard, depot: Depot, components: Sequence[Component]) -> Base:
    sources = plan_sources(yard, components)
    found = find_seeds(yard, BuildStore(depot), sources)
    present: dict[str, Known] = {}
    packages: dict[str, tuple[RpmFile, ...]] = {}
    outdated: dict[str, str] = {}
    missing: list[str] = []
    for source in sources:
        name = source.component.name
        result = found.results[name]
        present[name] = Known(seed_inputs(source, found.environment), there=result is not None)
        packages[name] = result.rpms if result is not None else _last_packages(yard, name)
        if result is None:
            outdated.update((rpm.sha256, name) for rpm in packages[name])
            missing += [name] if not packages[name] else []
    return Base(present, packages, outdated, tuple(missing))


def _last_packages(yard: Yard, component: str) -> tuple[RpmFile, ...]:
    """Those in use, if all of them are still there."""
    entry = read_entry(yard.workspace.ledger, component, yard.arch)
    rpms = entry.latest.rpms if entry is not None else ()
    return rpms if all(rpm.path.is_file() for rpm in rpms) else ()


def _without_building(yard: Yard, options: BuildOptions) -> BuildOptions:
    upstream = options.upstream or open_upstream(yard.project, yard.workspace, yard.ports)
    if upstream.scripts is not None:
        upstream = replace(upstream, scripts=replace(upstream.scripts, root=_refuse_root))
    return replace(options, upstream=upstream, dry=True)


def _refuse_root(packages: Sequence[str]) -> NoReturn:
    raise SourceError(
        f"a script makes sources with packages ({' '.join(packages)}), for which a root would have to be made",
        hint="`boatyard component build` makes it, and keeps the sources",
    )


def _foresee_graph(
    yard: Yard, components: Sequence[Component], base: Base, options: BuildOptions, depot: Depot
) -> dict[str, Known | Unknown]:
    inputs: dict[str, BuildInputs] = {}
    ledger, arch = yard.workspace.ledger, yard.arch

    def told(result: BuildResult, _reused: bool, seen: BuildInputs) -> None:
        inputs[result.component] = seen

    graph = prepare_graph(yard, components, base.packages, options, depot, told)
    foresight = Foresight(graph.work, graph.needs, base, inputs, lambda name: read_entry(ledger, name, arch))
    for node in list(TopologicalSorter(graph.needs).static_order()):
        foresight.look(node)
    # A component's own node comes after its first stage.
    return {component_of(node): foresight.known[node] for node in sorted(foresight.known, reverse=True)}


class DefinedWork(Work, Protocol):
    """The work of a build graph, of whatever back end."""

    def leaves(self, component: str) -> Mapping[str, str]:
        """What a component is built from besides its buildroot."""
        ...


@dataclass(slots=True)
class Foresight:
    """What is known of each node. `inputs`: of what is done, by component; `recorded`: the ledger."""

    work: DefinedWork
    needs: Mapping[str, Collection[str]]
    base: Base
    inputs: Mapping[str, BuildInputs]
    recorded: Callable[[str], BuildEntry | None]
    known: dict[str, Known | Unknown] = field(default_factory=dict)
    results: dict[str, bytes] = field(default_factory=dict)

    def look(self, node: str) -> Known | Unknown:
        """What a node would be built from, found out once."""
        if node not in self.known:
            self.known[node] = Unknown({})  # for a need that leads back here
            self.known[node] = self._ask(node, self.work.leaves(component_of(node)))
        return self.known[node]

    def _ask(self, node: str, leaves: Mapping[str, str]) -> Known | Unknown:
        waits = {*self.base.missing, *self._not_done(self.needs.get(node, ()))}
        told: bytes | None = None
        while not waits:
            try:
                step = self.work.next(node, told, self.results)
            except UnsolvableError:
                if not self.base.outdated:
                    raise
                waits = set(self.base.outdated.values())  # what takes their place may have what is missing
                break
            if isinstance(step, Wait):
                waits = self._not_done(step.nodes)
                continue
            if isinstance(step, Done):
                inputs = self.inputs[component_of(node)]
                waits = self._outdated(used.sha256 for used in inputs.environment)
                if not waits:
                    self.results[node] = step.result
                    return Known(inputs, there=True)
                break
            task = from_json(Order, step.payload).task
            waits = self._outdated(rpm.sha256 for rpm in task.buildroot)
            if waits:
                break
            if step.step == BUILD:
                return Known(task.inputs)
            requires = self._requires(component_of(node), leaves)
            if requires is None:
                break
            found = Requirements(component=component_of(node), requires=requires, complete=True)
            told = answer(step.step, to_json(found))
        return Unknown(leaves, tuple(sorted(waits - {component_of(node)})))

    def _not_done(self, nodes: Collection[str]) -> set[str]:
        """The components of those nodes that no result is there of."""
        for node in nodes:
            self.look(node)
        return {component_of(node) for node in nodes if node not in self.results}

    def _outdated(self, digests: Iterable[str]) -> set[str]:
        """The components that are to be made anew, of which a buildroot has packages."""
        owners = {self.base.outdated[digest] for digest in digests if digest in self.base.outdated}
        return owners - {component_of(node) for node in self.results}

    def _requires(self, component: str, leaves: Mapping[str, str]) -> tuple[str, ...] | None:
        """What builds of the same definition have asked for. Its spec would be asked anew, in another buildroot."""
        entry = self.recorded(component)
        results = () if entry is None else (entry.latest, entry.before)
        return next((one.requires for one in results if one is not None and one.inputs.definition == leaves), None)
