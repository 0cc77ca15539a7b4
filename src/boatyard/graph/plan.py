"""Build plans: an order for components that need each other, with a seed in the place of the needs that are cut.

    A  one pass: needs inside of a cycle are met by the seed
    C  members of cycles twice: stage 1 from the seed, stage 2 from stage 1; everything else once, in order
    D  everything twice: stage 1 from the seed alone, stage 2 from stage 1

A makes the least work and rests on the seed. C and D give packages that were built from our own; D, which builds the
most, has the shortest path when there are very many workers. Where the seed lacks a component the need for it stays an
edge, as long as that makes no cycle.

A node is named as its component when it makes what is published, and `<component>@stage1` when it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, ConfigError
from boatyard.graph.cycle import cycles, smallest_cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

STAGE_1 = "@stage1"
BY_HOST = "the host builds it first"


class PlanKind(StrEnum):
    """Which plan; the letters are those of the documentation."""

    A = "A"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """A need of a node that the seed meets; `need` is a component. `reason` in words."""

    node: str
    need: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`needs`: node → the nodes to be done before it, sorted, without a cycle. `cut`: what the seed meets, sorted."""

    kind: PlanKind
    needs: Mapping[str, tuple[str, ...]]
    cut: tuple[Cut, ...]

    def from_seed(self) -> dict[str, tuple[str, ...]]:
        """For each node that takes anything from the seed the components that it takes, sorted."""
        taken: dict[str, list[str]] = {}
        for cut in self.cut:
            taken.setdefault(cut.node, []).append(cut.need)
        return {node: tuple(needs) for node, needs in taken.items()}


def first_stage(component: str) -> str:
    """The node that builds a component from the seed, for others to be built from."""
    return component + STAGE_1


def component_of(node: str) -> str:
    """The component that a node builds."""
    return node.removesuffix(STAGE_1)


def is_first_stage(node: str) -> bool:
    """Whether what a node makes is only for others to be built from."""
    return node.endswith(STAGE_1)


def make_plan(
    kind: PlanKind,
    needs: Mapping[str, Collection[str]],
    *,
    in_seed: Callable[[str], bool] = lambda _: True,
    once: Collection[str] = (),
    by_host: Collection[str] = (),
) -> Plan:
    """A plan for a graph of components (component → components it is built with; others than those are left out).

    `in_seed`: whether the seed has the packages of a component. `once`: components that every plan builds once, as
    nothing of ours is used to build them (repackaged ones). `by_host`: components that the host builds first, so that
    their needs for each other are met in every stage. BuildError naming a cycle that the seed does not break.
    """
    taken = sorted(node for node in needs if is_first_stage(node))
    if taken:
        raise ConfigError(
            f"component {taken[0]} has a name that plans use", hint=f"call it otherwise; {STAGE_1} marks first stages"
        )
    graph = {node: tuple(sorted(need for need in set(needs[node]) if need in needs)) for node in sorted(needs)}
    given = frozenset(by_host)
    hosted = {node: tuple(need for need in graph[node] if need in given) for node in graph if node in given}
    graph |= {node: tuple(need for need in graph[node] if need not in given) for node in hosted}
    plan = _Planner(kind, graph, in_seed, frozenset(once)).plan()
    more = (Cut(node, need, BY_HOST) for node in plan.needs for need in hosted.get(component_of(node), ()))
    return replace(plan, cut=tuple(sorted((*plan.cut, *more))))


class _Planner:
    """Makes one plan."""

    def __init__(
        self, kind: PlanKind, graph: dict[str, tuple[str, ...]], in_seed: Callable[[str], bool], once: frozenset[str]
    ) -> None:
        self.kind, self.graph, self.in_seed = kind, graph, in_seed
        self.cycle_of = {node: members for members in cycles(graph) for node in members}
        self.twice = frozenset[str]()
        if kind is PlanKind.C:
            self.twice = frozenset(self.cycle_of) - once
        elif kind is PlanKind.D:
            self.twice = frozenset(graph) - once

    def plan(self) -> Plan:
        nodes: dict[str, tuple[str, ...]] = {}
        cut: list[Cut] = []
        for component, wanted in self.graph.items():
            if component in self.twice:
                nodes[component] = tuple(sorted(self._node_for(component, need) for need in wanted))
            first = first_stage(component) if component in self.twice else component
            from_seed = {need for need in wanted if self._may_be_cut(component, need) and self.in_seed(need)}
            nodes[first] = tuple(sorted(self._node_for(component, need) for need in wanted if need not in from_seed))
            cut += [Cut(first, need, self._reason(component)) for need in from_seed]
        needs = dict(sorted(nodes.items()))
        if way := smallest_cycle(needs):
            raise _no_seed(way)
        return Plan(self.kind, needs, tuple(sorted(cut)))

    def _may_be_cut(self, component: str, need: str) -> bool:
        """Whether the seed may stand in for a need; with a second stage also whether that is built from the first."""
        if self.kind is PlanKind.D:
            return component in self.twice and need in self.twice
        return component in self.cycle_of and self.cycle_of[component] is self.cycle_of.get(need)

    def _node_for(self, component: str, need: str) -> str:
        return first_stage(need) if need in self.twice and self._may_be_cut(component, need) else need

    def _reason(self, component: str) -> str:
        if self.kind is PlanKind.D:
            return "stage 1 is built from the seed alone"
        members = self.cycle_of[component]
        return f"inside of a cycle of {len(members)} components" if len(members) > 1 else "needs itself"


def _no_seed(way: tuple[str, ...]) -> BuildError:
    components = [component_of(node) for node in way]
    what = f"{components[0]} needs itself" if len(way) == 2 else f"components need each other: {' → '.join(components)}"
    return BuildError(
        f"{what}, and the seed has none of them",
        hint="have a repository in `inputs.rpm-build` that has one of them, build one without the other"
        " (`build.without`), or let the host build one first (`bootstrap` of [buildroot])",
    )
