"""Cycles: components that need each other to be built, and the needs to cut so that an order exists.

The same graph always gives the same answer: ties are broken by name. Nothing recurses, as chains may be thousands long.
"""

from __future__ import annotations

from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MAX_LOOKED_AT = 50  # members of a cycle, in search of a short way around


class Edge(NamedTuple):
    """`node` needs `need` to be done before it."""

    node: str
    need: str


def strongly_connected(needs: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """The strongly connected components of a graph (node → what it needs), each after those it needs; members sorted.

    What is needed but is no node of the graph is left out.
    """
    search = _Search(needs)
    for node in search.needs:
        if node not in search.number:
            search.visit(node)
    return search.found


def cycles(needs: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """The sets of nodes that need each other, and nodes that need themselves: the largest first, members sorted."""
    found = [members for members in strongly_connected(needs) if len(members) > 1 or members[0] in needs[members[0]]]
    return sorted(found, key=lambda members: (-len(members), members))


def shortest_cycle(needs: Mapping[str, Collection[str]], node: str) -> tuple[str, ...]:
    """A shortest way from a node along needs back to it, the node first and last; empty when there is none."""
    came_from: dict[str, str] = {}
    queue = deque([node])
    while queue:
        current = queue.popleft()
        for need in sorted(needs.get(current, ())):
            if need == node:
                way = [node]
                while current != node:
                    way.append(current)
                    current = came_from[current]
                return (node, *reversed(way[1:]), node)
            if need in needs and need not in came_from:
                came_from[need] = current
                queue.append(need)
    return ()


def smallest_cycle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """A way around that is easily understood, for messages; empty when the graph has no cycle."""
    found = cycles(needs)
    if not found:
        return ()
    inside = {node: set(needs[node]) & set(found[-1]) for node in found[-1]}
    return min((shortest_cycle(inside, node) for node in found[-1][:MAX_LOOKED_AT]), key=len)


def feedback_edges(needs: Mapping[str, Collection[str]]) -> tuple[Edge, ...]:
    """Few edges without which there is no cycle, sorted: what something else must stand in for.

    The greedy order of Eades, Lin and Smyth (1993) inside of each cycle. The fewest are not found: that is NP-hard.
    """
    cut = [Edge(members[0], members[0]) for members in cycles(needs) if len(members) == 1]
    for members in cycles(needs):
        if len(members) > 1:
            inside = set(members)
            position = {node: place for place, node in enumerate(_greedy_order(members, needs, inside))}
            cut += [
                Edge(node, need)
                for node in members
                for need in set(needs[node]) & inside
                if position[need] >= position[node]
            ]
    return tuple(sorted(cut))


class _Search:
    """Tarjan's search (1972) with a stack of its own."""

    def __init__(self, needs: Mapping[str, Collection[str]]) -> None:
        self.needs = {node: sorted(need for need in set(needs[node]) if need in needs) for node in sorted(needs)}
        self.number: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.open: dict[str, None] = {}  # visited and in no component yet, in the order of their visit
        self.found: list[tuple[str, ...]] = []

    def visit(self, start: str) -> None:
        work = [(start, self._enter(start))]
        while work:
            node, rest = work[-1]
            for need in rest:
                if need not in self.number:
                    work.append((need, self._enter(need)))
                    break
                if need in self.open:
                    self.low[node] = min(self.low[node], self.number[need])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    self.low[above] = min(self.low[above], self.low[node])
                if self.low[node] == self.number[node]:
                    self._close(node)

    def _enter(self, node: str) -> Iterator[str]:
        self.number[node] = self.low[node] = len(self.number)
        self.open[node] = None
        return iter(self.needs[node])

    def _close(self, node: str) -> None:
        members = []
        while node in self.open:
            members.append(self.open.popitem()[0])
        self.found.append(tuple(sorted(members)))


def _greedy_order(members: Collection[str], needs: Mapping[str, Collection[str]], inside: set[str]) -> list[str]:
    """The members so that most come after what they need.

    What needs nothing that is left goes to the front, what nothing left needs to the back; when there is neither, the
    node that is needed more often than it needs, by the largest difference, goes to the front.
    """
    wants = {node: sorted((set(needs[node]) & inside) - {node}) for node in members}
    wanted_by: dict[str, list[str]] = {node: [] for node in members}
    for node in sorted(wants):
        for need in wants[node]:
            wanted_by[need].append(node)
    left_needs = {node: len(wants[node]) for node in members}
    left_users = {node: len(wanted_by[node]) for node in members}

    def urgency(node: str) -> tuple[int, int]:
        if not left_needs[node]:
            return (0, 0)
        return (2, left_needs[node] - left_users[node]) if left_users[node] else (1, 0)

    # An entry is out of date when the node's urgency has changed since; it has a newer entry then.
    heap = [(*urgency(node), node) for node in members]
    heapify(heap)
    front: list[str] = []
    back: list[str] = []
    placed: set[str] = set()
    while heap:
        kind, difference, node = heappop(heap)
        if node in placed or (kind, difference) != urgency(node):
            continue
        placed.add(node)
        (back if kind == 1 else front).append(node)
        for counts, others in ((left_needs, wanted_by[node]), (left_users, wants[node])):
            for other in others:
                counts[other] -= 1
                if other not in placed:
                    heappush(heap, (*urgency(other), other))
    return front + back[::-1]
