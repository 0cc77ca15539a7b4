"""The edge of what is done in a graph: which nodes are ready, and which of them goes first. Edges may be added."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.graph.rank import all_seconds, ranks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class Frontier:
    """`needs`: node → nodes that must be done before it; one that is no node itself counts as done.

    `seconds`: what nodes take, as far as known (`graph.rank`). BuildError naming a cycle when there is one.
    """

    def __init__(self, needs: Mapping[str, Collection[str]], seconds: Mapping[str, float]) -> None:
        self.rank = ranks(needs, seconds)
        self._seconds = all_seconds(needs, seconds)
        self._usual = all_seconds({*needs, ""}, seconds)[""]
        self._open = {node: {need for need in wanted if need in needs} for node, wanted in needs.items()}
        self._users: dict[str, set[str]] = {node: set() for node in needs}
        for node, wanted in self._open.items():
            for need in wanted:
                self._users[need].add(node)
        self._ready = {node for node, wanted in self._open.items() if not wanted}
        self._heap = [(-self.rank[node], node) for node in self._ready]
        heapify(self._heap)

    def __len__(self) -> int:
        """The nodes of the graph, those discovered included."""
        return len(self.rank)

    def best(self) -> float | None:
        """The highest rank of a ready node; None when no node is ready."""
        while self._heap:
            rank, node = self._heap[0]
            if node in self._ready and -rank == self.rank[node]:
                return -rank
            heappop(self._heap)  # taken, or entered again with a higher rank
        return None

    def take(self) -> str:
        """The ready node with the highest rank, by name among equals; it is not ready any more."""
        if self.best() is None:
            raise LookupError("no node is ready")
        node = heappop(self._heap)[1]
        self._ready.discard(node)
        return node

    def again(self, node: str) -> None:
        """A node that was taken is ready once more."""
        self._ready.add(node)
        heappush(self._heap, (-self.rank[node], node))

    def done(self, node: str) -> None:
        """Nodes that only waited for this one become ready."""
        self._open.pop(node)
        for user in self._users.pop(node):
            self._open[user].discard(node)
            if not self._open[user]:
                self.again(user)

    def drop(self, node: str) -> list[str]:
        """The nodes that can never be ready, as this one failed: all that need it, however far away; sorted."""
        dropped: set[str] = set()
        stack = [node]
        while stack:
            current = stack.pop()
            for need in self._open.pop(current):
                if need in self._users:
                    self._users[need].discard(current)
            fresh = self._users.pop(current) - dropped
            dropped |= fresh
            stack += fresh
        self._ready -= dropped
        return sorted(dropped)

    def wait(self, node: str, needs: Iterable[str]) -> list[str]:
        """Lets a node that was taken wait for others, none of which is done or dropped; new ones join the graph.

        The nodes whose rank has risen by that. BuildError when one of the others needs the node itself.
        """
        wanted = sorted(needs)
        for need in wanted:
            if way := self._way(need, node):
                raise BuildError(
                    f"what has to be done first goes round in a circle: {' → '.join((node, *way))}",
                    hint=f"{node} turned out to need {need} while it was built",
                )
        for need in wanted:
            if need not in self.rank:
                self._join(need)
            self._open[node].add(need)
            self._users[need].add(node)
        return self._raise(node)

    def _join(self, node: str) -> None:
        self.rank[node] = self._seconds[node] = self._usual
        self._open[node], self._users[node] = set(), set()
        self.again(node)

    def _way(self, start: str, end: str) -> tuple[str, ...]:
        """The nodes from one along its open needs to another, both included; empty when there is no way."""
        came_from, stack = {start: ""}, [start]
        while stack:
            current = stack.pop()
            if current == end:
                way = [current]
                while came_from[way[-1]]:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            for need in self._open.get(current, ()):
                if need not in came_from:
                    came_from[need] = current
                    stack.append(need)
        return ()

    def _raise(self, node: str) -> list[str]:
        """Lifts what a node needs, however far away, to the node's rank plus the way to it."""
        risen: dict[str, None] = {}
        stack = [node]
        while stack:
            current = stack.pop()
            for need in self._open[current]:
                rank = self._seconds[need] + self.rank[current]
                if rank > self.rank[need]:
                    self.rank[need] = rank
                    risen[need] = None
                    stack.append(need)
        for need in risen:
            if need in self._ready:
                heappush(self._heap, (-self.rank[need], need))
        return list(risen)
