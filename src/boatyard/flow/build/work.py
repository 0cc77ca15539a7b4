"""How the nodes of the build graph are made: from a definition over its buildroot to a result, or to one from before.

A node goes through its requirements (a task: the SRPM, made in the smallest buildroot), further ones that its spec
finds out (tasks, until there are no more), and the build (a task). Which of these are needed is known only when the
node's turn comes: its buildroot holds what other nodes have given by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile
from boatyard.artifact.build_task import BuildTask, Limits, Requirements
from boatyard.artifact.codec import from_json, to_json
from boatyard.base.digest import fingerprint
from boatyard.base.error import BuildError
from boatyard.build.solve import Universe, UnsolvableError, solve
from boatyard.flow.build.inputs import build_inputs, build_key, requirements_key, used_packages
from boatyard.flow.build.provide import givers
from boatyard.flow.build.task import BUILD, GENERATE, REQUIRE, Order, record_of
from boatyard.graph.plan import component_of, first_stage, is_first_stage
from boatyard.graph.work import Done, Task, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import UsedPackage
    from boatyard.build.store import BuildStore
    from boatyard.flow.build.definition import Definition
    from boatyard.graph.provider import Providers

    Steps = Generator[Task | Wait, bytes, Done]

NOTHING = BuildInputs(definition={})
UNIVERSES = 4  # kept: a node asks for its own several times, and many nodes need the same
ROUNDS = 20  # of %generate_buildrequires, each of which must name something new


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How builds are made. `packages`: of every buildroot; `repositories`: folders with repodata that complete it.

    `strict`: reuse a result only if every package of its buildroot is the same; `afresh`: components whose results are
    not reused, with a word that makes this time another than the last; `until`: one that is not built, its result is
    the order for it. `order`: makes an order of a node's task, for workers here or elsewhere.
    """

    arch: str
    backend: str
    packages: tuple[str, ...]
    limits: Limits
    repositories: tuple[Path, ...] = ()
    strict: bool = False
    afresh: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    order: Callable[[str, BuildTask], Order] = lambda _, task: Order(task=task)


@dataclass(slots=True)
class _Node:
    """Where a node stands: the steps that are left, what was wanted last, and the answer that led there."""

    steps: Steps
    wanted: Task | Wait | None = None
    answer: bytes | None = None


@dataclass(slots=True)
class BuildWork:
    """The work of a build graph. `base`: packages that need no node (seeds, bootstrap), with their components.

    `needs`: the nodes of the graph, and which others each of them needs, to which is added what shows later. `cut`: the
    components whose packages a node takes from the seed. `fetch`: gives packages of
    repositories a file. `ready`: makes sure of the tree of a definition, where it is built on this machine. `told`:
    hears of each result but those of first stages, whether it was reused, and of the inputs that it stands for.
    """

    rules: Rules
    define: Callable[[str], Definition]
    base: Mapping[str, Sequence[RpmFile]]
    needs: dict[str, set[str]]
    cut: Callable[[str], Collection[str]]
    providers: Providers
    fetch: Callable[[Sequence[RpmFile]], tuple[RpmFile, ...]]
    store: BuildStore
    cache: Path
    told: Callable[[BuildResult, bool, BuildInputs], None]
    ready: Callable[[Definition], Definition] = lambda definition: definition
    _nodes: dict[str, _Node] = field(default_factory=dict)
    _results: Mapping[str, bytes] = field(default_factory=dict)
    _universes: dict[frozenset[str], tuple[Universe, dict[str, str]]] = field(default_factory=dict)

    @property
    def function(self) -> str:
        """What runs a task."""
        return "boatyard.flow.build.task:perform"

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        """The next step of a component; see `graph.work.Work`."""
        self._results = results
        state = self._nodes.get(node)
        if state is None:
            state = self._nodes[node] = _Node(self._steps(node))
        elif isinstance(state.wanted, Task) and answer == state.answer:
            return state.wanted  # its worker was lost
        state.answer = answer
        try:
            # A step that waited for other nodes goes on with no answer of its own.
            state.wanted = next(state.steps) if not isinstance(state.wanted, Task) else state.steps.send(answer or b"")
        except StopIteration as end:
            done: Done = end.value
            return done
        return state.wanted

    def leaves(self, component: str) -> Mapping[str, str]:
        """What a component is built from besides its buildroot; the error of preparing its sources."""
        return self._inputs(self.define(component), ()).definition

    def _inputs(self, definition: Definition, environment: Iterable[UsedPackage]) -> BuildInputs:
        return build_inputs(definition, environment, arch=self.rules.arch, backend=self.rules.backend)

    def _steps(self, node: str) -> Steps:
        component, rules = component_of(node), self.rules
        definition = self.define(component)
        if missing := self.needs[node] - self._results.keys():
            yield Wait(frozenset(missing))  # the need for the component itself has only shown while building
        requires = yield from self._requirements(node, definition)
        buildroot = yield from self._solved(node, requires)
        _, owners = self._universe(node)
        inputs = self._inputs(definition, used_packages(buildroot, owners, self.cache))
        key = build_key(component, inputs, strict=rules.strict)
        if component in rules.afresh:
            key = fingerprint(["afresh", rules.afresh[component], build_key(component, inputs, strict=True)])
        build = partial(self._task, node, BUILD, definition, buildroot, key, inputs, requires)
        if component == rules.until:
            return Done(result=build().payload)
        found = self.store.find(key)
        if found is not None:
            found = structs.replace(found, requires=tuple(requires))  # those of now
            self._tell(node, found, True, inputs)
            return Done(result=to_json(found), reused=True)
        yield build()
        made = self.store.find(key)
        if made is None:
            raise BuildError(f"the result of {component} is gone", hint="run the same command again")
        self._tell(node, made, False, inputs)
        return Done(result=to_json(made))

    def _tell(self, node: str, result: BuildResult, reused: bool, inputs: BuildInputs) -> None:
        if not is_first_stage(node):  # what is in use afterwards is the component's own
            self.told(result, reused, inputs)

    def _requirements(self, node: str, definition: Definition) -> Generator[Task | Wait, bytes, list[str]]:
        """All that a component requires to be built, asked of its spec in a buildroot."""
        requires: list[str] = []
        for round_ in range(ROUNDS):
            buildroot = yield from self._solved(node, requires)
            key = requirements_key(definition, buildroot, round_, arch=self.rules.arch)
            record = self.store.depot.record(key)
            if record is None:
                step = f"{GENERATE} {round_}" if round_ else REQUIRE
                record = record_of((yield self._task(node, step, definition, buildroot, key)))
            told = from_json(Requirements, record)
            fresh = [word for word in told.requires if word not in requires]
            requires += fresh
            if told.complete:
                return requires
            if round_ and not fresh:
                break
        raise BuildError(
            f"{definition.component} is never content with what its buildroot has",
            detail=" ".join(requires[-8:]),
            hint="look at the %generate_buildrequires of its spec",
        )

    def _solved(self, node: str, requires: Sequence[str]) -> Generator[Wait, bytes, tuple[RpmFile, ...]]:
        """The packages that meet requirements, once the components that give some of them are done."""
        wanted = (*self.rules.packages, *requires)
        yield from self._wait(node, givers(self.providers, requires))
        while True:
            universe, _ = self._universe(node)
            try:
                return self.fetch(solve(universe, wanted, self.rules.arch, who=component_of(node)))
            except UnsolvableError as error:
                # Packages may require others only when they are installed, and names of capabilities are a hint.
                likely = givers(self.providers, (*requires, *error.missing), guess=True)
                if not (yield from self._wait(node, likely)):
                    raise

    def _wait(self, node: str, components: Collection[str]) -> Generator[Wait, bytes, bool]:
        """Waits for components of the graph that are not waited for yet; gives whether there were any."""
        fresh = {need for name in components if (need := self._node_for(node, name))} - self.needs[node]
        if not fresh:
            return False
        self.needs[node] |= fresh
        if missing := fresh - self._results.keys():
            yield Wait(frozenset(missing))
        return True

    def _node_for(self, node: str, component: str) -> str:
        """The node that gives a component to another; empty where that is itself, a seed, or to be had from a seed."""
        if component == component_of(node) or component not in self.needs or component in self.cut(node):
            return ""
        first = first_stage(component)
        if first not in self.needs:
            return component
        if is_first_stage(node):
            return ""
        return first if first_stage(node) in self.needs else component

    def _base_of(self, node: str, buildroot: Sequence[RpmFile]) -> tuple[str, ...]:
        """The digests of what every buildroot has, if this one has all of it: it can then start from a common root."""
        universe, _ = self._universe(node)
        common = {rpm.sha256 for rpm in solve(universe, self.rules.packages, self.rules.arch)}
        return tuple(sorted(common)) if common <= {rpm.sha256 for rpm in buildroot} else ()

    def _universe(self, node: str) -> tuple[Universe, dict[str, str]]:
        """The packages that a node's buildroot can be made of, and whose each of our own is.

        Those it needs, directly or not, are there whether or not others are done by now, so that no build depends on
        what happened to be quicker.
        """
        needs = frozenset(self._all_needs(node))
        known = self._universes.pop(needs, None)
        if known is None:
            own = dict(self.base)
            for need in sorted(needs, key=is_first_stage, reverse=True):  # what is published comes last
                own[component_of(need)] = from_json(BuildResult, self._results[need]).rpms
            universe = Universe((rpm for rpms in own.values() for rpm in rpms), self.rules.repositories)
            known = universe, {rpm.sha256: name for name, rpms in own.items() for rpm in rpms}
        self._universes[needs] = known  # as the latest
        if len(self._universes) > UNIVERSES:
            del self._universes[next(iter(self._universes))]
        return known

    def _all_needs(self, node: str) -> set[str]:
        found: set[str] = set()
        todo = [node]
        while todo:
            fresh = self.needs[todo.pop()] - found
            found |= fresh
            todo.extend(fresh)
        return found - {node}

    def _task(
        self,
        node: str,
        step: str,
        definition: Definition,
        buildroot: Sequence[RpmFile],
        key: str,
        inputs: BuildInputs = NOTHING,
        requires: Sequence[str] = (),
    ) -> Task:
        rules, definition = self.rules, self.ready(definition)
        task = BuildTask(
            component=definition.component,
            arch=rules.arch,
            backend=rules.backend,
            key=key,
            tree=definition.tree,
            spec=definition.spec,
            epoch=definition.epoch,
            base=self._base_of(node, buildroot),
            buildroot=tuple(buildroot),
            limits=rules.limits,
            inputs=inputs,
            requires=tuple(requires),
        )
        return Task(
            node=node,
            step=step,
            payload=to_json(rules.order(node, task)),
            arch=rules.arch,
            memory_mib=rules.limits.memory_mib,
        )
