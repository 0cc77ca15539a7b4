"""Which node goes first when there are more ready nodes than workers: the one with the longest way still ahead.

Highest level first with estimated times (HLFET; Adam, Chandy and Dickson 1974): a node's rank is its own time and the
longest path through the nodes that need it. Estimates that are wrong by half change the order little.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def ranks(needs: Mapping[str, Collection[str]], seconds: Mapping[str, float]) -> dict[str, float]:
    """The rank of each node in `needs` (node → nodes that must be done before it), in seconds; more goes first.

    A node whose time is not known takes as long as the median of those known; when none is known, ranks count hops.
    What is needed but is no node of `needs` is taken as done. BuildError naming a cycle when there is one.
    """
    known = [seconds[node] for node in needs if node in seconds]
    usual = median(known) if known else 1.0
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
        rank = found[node] = longest[node] + seconds.get(node, usual)
        for need in needs[node]:
            if need in waiting:
                longest[need] = max(longest[need], rank)
                waiting[need] -= 1
                if not waiting[need]:
                    ready.append(need)
    if len(found) < len(needs):
        raise BuildError(
            "nodes need each other: " + " → ".join(_cycle({node: needs[node] for node in needs if node not in found})),
            hint="`boatyard graph cycles` shows them; a plan cuts every cycle where a seed takes a need's place",
        )
    return {node: found[node] for node in needs}


def _cycle(needs: Mapping[str, Collection[str]]) -> list[str]:
    """One cycle, its first node named again at the end, among nodes of which each is needed by another."""
    needed_by = {need: node for node in sorted(needs) for need in needs[node]}
    node = min(needs)
    way: dict[str, None] = {}
    while node not in way:
        way[node] = None
        node = needed_by[node]
    # Walked from what is needed to who needs it; told the other way round.
    names = list(way)
    cycle = names[names.index(node) :][::-1]
    start = cycle.index(min(cycle))
    return [*cycle[start:], *cycle[:start], cycle[start]]
