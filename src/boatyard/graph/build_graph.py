"""The build graph: which component is built with which, and the capability that each edge is there for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from boatyard.graph.provider import Providers
from boatyard.graph.requirement import capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from boatyard.graph.provider import Knowledge


class Origin(StrEnum):
    """Where a requirement is known from: a spec's text, the SRPM of a build (all of them), what every buildroot has."""

    TEXT = "text"
    BUILD = "build"
    BUILDROOT = "buildroot"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement of a build as it is written. `certain`: the text leaves no doubt that it applies here."""

    text: str
    origin: Origin = Origin.TEXT
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there is an edge. `capability` is what the need provides; `known` how that is known."""

    requirement: Requirement
    capability: str
    known: Knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildGraph:
    """`edges`: component → component it is built with → causes. Every component is a key; all is sorted by name.

    `unresolved`: requirements that no component is known to provide. `unread`: components whose requirements are not
    known, and why. `dynamic`: those whose build finds more of them. `once`: those that are repackaged, not built.
    `providers`: who gives what, for requirements that show later.
    """

    edges: Mapping[str, Mapping[str, tuple[Cause, ...]]]
    unresolved: Mapping[str, tuple[Requirement, ...]]
    unread: Mapping[str, str] = field(default_factory=dict)
    dynamic: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    providers: Providers = field(default_factory=Providers, compare=False, repr=False)

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """Component → components it is built with."""
        return {component: tuple(needs) for component, needs in self.edges.items()}

    @property
    def edge_count(self) -> int:
        return sum(map(len, self.edges.values()))

    def dependants(self, component: str) -> dict[str, tuple[Cause, ...]]:
        """What is built with a component, and why."""
        return {node: needs[component] for node, needs in self.edges.items() if component in needs}


def make_graph(
    requirements: Mapping[str, Iterable[Requirement]],
    providers: Providers,
    *,
    unread: Mapping[str, str] | None = None,
    dynamic: Iterable[str] = (),
    once: Iterable[str] = (),
) -> BuildGraph:
    """Joins what components require and what they provide. Each key of `requirements` is a component."""
    edges: dict[str, dict[str, tuple[Cause, ...]]] = {}
    unresolved: dict[str, tuple[Requirement, ...]] = {}
    for component in sorted(requirements):
        found: dict[str, dict[Cause, None]] = {}
        open_ends: dict[Requirement, None] = {}
        for requirement in requirements[component]:
            for edge in _causes(requirement, providers):
                if edge is None:
                    open_ends[requirement] = None
                else:
                    found.setdefault(edge[0], {})[edge[1]] = None
        edges[component] = {need: tuple(found[need]) for need in sorted(found)}
        if open_ends:
            unresolved[component] = tuple(open_ends)
    return BuildGraph(
        edges=edges,
        unresolved=unresolved,
        unread=dict(sorted((unread or {}).items())),
        dynamic=frozenset(dynamic),
        once=frozenset(once),
        providers=providers,
    )


def _causes(requirement: Requirement, providers: Providers) -> list[tuple[str, Cause] | None]:
    """For each group of capabilities the first component that provides one, and the cause; None where nobody does."""
    found: list[tuple[str, Cause] | None] = []
    for group in capabilities(requirement.text) or ((requirement.text,),):
        claims = ((capability, providers.find(capability)) for capability in group)
        provided = next(((name, provider) for name, provider in claims if provider is not None), None)
        if provided is None:
            found.append(None)
        else:
            name, provider = provided
            found.append((provider.component, Cause(requirement, name, provider.known)))
    return found
