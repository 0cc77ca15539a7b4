"""What a change may reach: everything that is built from what changed, directly or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Affected:
    """`distance`: each node that a change may reach → the fewest needs from it to what changed, 1 where it is direct.

    `through`: the need by which it is reached first. Nodes are sorted by distance and name, without the changed ones.
    """

    changed: tuple[str, ...]
    through: Mapping[str, str]
    distance: Mapping[str, int]

    @property
    def direct(self) -> tuple[str, ...]:
        """Those that need what changed by themselves, sorted."""
        return tuple(node for node, distance in self.distance.items() if distance == 1)

    def way(self, node: str) -> tuple[str, ...]:
        """A shortest chain from an affected node to what changed."""
        found = [node]
        while found[-1] in self.through:
            found.append(self.through[found[-1]])
        return tuple(found)


def affected(needs: Mapping[str, Collection[str]], changed: Iterable[str]) -> Affected:
    """What a change of some nodes may reach in a graph (node → what it needs). Ties are broken by name."""
    start = tuple(sorted(set(changed)))
    dependants: dict[str, list[str]] = {}
    for node in sorted(needs):
        for need in set(needs[node]):
            dependants.setdefault(need, []).append(node)
    through: dict[str, str] = {}
    distance = dict.fromkeys(start, 0)
    level, hops = list(start), 0
    while level:
        reached: dict[str, str] = {}
        for need in level:
            for node in dependants.get(need, ()):
                if node not in distance:
                    reached.setdefault(node, need)
        hops += 1
        level = sorted(reached)
        through |= {node: reached[node] for node in level}
        distance |= dict.fromkeys(level, hops)
    return Affected(start, through, {node: distance[node] for node in through})
