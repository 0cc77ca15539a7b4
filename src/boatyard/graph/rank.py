"""Which node goes first when there are more ready nodes than workers: the one with the longest way still ahead.

Highest level first with estimated times (HLFET; Adam, Chandy and Dickson 1974): a node's rank is its own time and the
longest path through the nodes that need it. Estimates that are wrong by half change the order little.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.graph.cycle import smallest_cycle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def ranks(needs: Mapping[str, Collection[str]], seconds: Mapping[str, float]) -> dict[str, float]:
    """The rank of each node in `needs` (node → nodes that must be done before it), in seconds; more goes first.

    A node whose time is not known takes as long as the median of those known; when none is known, ranks count hops.
    What is needed but is no node of `needs` is taken as done. BuildError naming a cycle when there is one.
    """
    times = all_seconds(needs, seconds)
    waiting = dict.fromkeys(needs, 0)  # dependants without a rank
    for wanted in needs.values():
        for need in wanted:
            if need in waiting:
                waiting[need] += 1
    longest = dict.fromkeys(needs, 0.0)  # through dependants
    found: dict[str, float] = {}
    ready = [node for node, count in waiting.items() if not count]
    while ready:
        node = ready.pop()
        rank = found[node] = longest[node] + times[node]
        for need in needs[node]:
            if need in waiting:
                longest[need] = max(longest[need], rank)
                waiting[need] -= 1
                if not waiting[need]:
                    ready.append(need)
    if len(found) < len(needs):
        raise BuildError(
            f"what has to be done first goes round in a circle: {' → '.join(smallest_cycle(needs))}",
            hint="`boatyard graph cycles` shows all of them, and what could be taken from a seed",
        )
    return {node: found[node] for node in needs}


def all_seconds(nodes: Collection[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """The time of each node: the median of those known where it is not known, 1 for all when none is."""
    known = [seconds[node] for node in nodes if node in seconds]
    usual = median(known) if known else 1.0
    return {node: seconds.get(node, usual) for node in nodes}
