"""What a build would take: list scheduling over estimated times, and the bound that no order can beat."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from boatyard.graph.rank import all_seconds, ranks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class Run:
    """One node on one worker (counted from 0), from when to when, in seconds from the start of the build."""

    node: str
    worker: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """All runs in the order of their start. `work_s`: what one worker would take; `path_s`: the longest chain."""

    workers: int
    runs: tuple[Run, ...]
    makespan_s: float
    work_s: float
    path_s: float

    @property
    def bound_s(self) -> float:
        """No schedule is shorter: neither than the longest chain nor than the work shared out evenly."""
        return max(self.path_s, self.work_s / self.workers)


def simulate(
    needs: Mapping[str, Collection[str]],
    seconds: Mapping[str, float],
    workers: int,
    *,
    guessed: Mapping[str, float] | None = None,
) -> Schedule:
    """The schedule of a graph (node → nodes before it) on equal workers: a free one takes the ready node of most rank.

    `seconds` is what nodes take; ranks come from `guessed` when given, as a coordinator knows no more than estimates.
    Unknown times as in `ranks`; equal ranks go by name. BuildError for a cycle, ValueError for less than one worker.
    """
    if workers < 1:
        raise ValueError("a build needs a worker")
    times = all_seconds(needs, seconds)
    urgency = ranks(needs, times if guessed is None else guessed)
    dependants: dict[str, list[str]] = {node: [] for node in needs}
    left = dict.fromkeys(needs, 0)
    for node, wanted in needs.items():
        for need in set(wanted):
            if need in dependants:
                dependants[need].append(node)
                left[node] += 1
    ready = [(-urgency[node], node) for node, count in left.items() if not count]
    heapify(ready)
    idle = list(range(workers))
    busy: list[tuple[float, int, str]] = []
    now, runs = 0.0, list[Run]()
    while ready or busy:
        while ready and idle:
            _, node = heappop(ready)
            worker = heappop(idle)
            runs.append(Run(node, worker, now, now + times[node]))
            heappush(busy, (now + times[node], worker, node))
        now = busy[0][0]
        while busy and busy[0][0] == now:  # all that end at this moment, before anything new starts
            _, worker, node = heappop(busy)
            heappush(idle, worker)
            for dependant in dependants[node]:
                left[dependant] -= 1
                if not left[dependant]:
                    heappush(ready, (-urgency[dependant], dependant))
    path = max(ranks(needs, times).values(), default=0.0)
    return Schedule(workers, tuple(runs), now, sum(times.values()), path)
