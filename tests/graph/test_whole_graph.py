"""The coordinator over the graph of a whole distribution: 7,583 nodes, as in `bench.graph`."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import pytest
from bench.graph import make_graph, make_times
from tests.graph.cluster import ROOT, cluster
from tests.graph.toy import NoWork

from boatyard.graph.coordinator import run_graph
from boatyard.graph.journal import Journal
from boatyard.graph.plan import PlanKind, component_of, make_plan
from boatyard.graph.simulate import simulate
from boatyard.graph.work import Finished, Task, Worker
from boatyard.ports.progress import silent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MEMORY_LIMIT_MB = 300
BOUND_LIMIT = 1.05


@dataclass
class Clock:
    """An executor whose tasks take their time by a clock that only it moves. `lost`: each so-manieth task is lost."""

    seconds: Mapping[str, float]
    slots: int
    ahead: int = 0
    lost: int = 0
    now: float = 0.0
    count: int = 0
    running: list[tuple[float, str, int]] = field(default_factory=list)

    def workers(self) -> tuple[Worker, ...]:
        return (Worker(name="w", arch="x86_64", slots=self.slots),)

    def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
        heappush(self.running, (self.now + self.seconds[task.node], task.node, attempt))

    def poll(self, timeout_s: float) -> list[Finished]:
        if not self.running or timeout_s == 0:
            return []
        self.now, node, attempt = heappop(self.running)
        self.count += 1
        if self.lost and self.count % self.lost == 0:
            return [Finished(node=node, attempt=attempt, worker="w", lost="the worker died")]
        return [Finished(node=node, attempt=attempt, worker="w", answer=node.encode())]

    def cancel(self, node: str) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("slots", [8, 100])
def test_all_is_done_in_the_time_of_the_best_known_order(slots: int) -> None:
    plan, times = make_plan(PlanKind.A, needs := make_graph()), make_times(needs)
    seconds = {node: times[component_of(node)] for node in plan.needs}
    script = Clock(seconds, slots)
    outcome = run_graph(plan.needs, NoWork(), script, Journal(None), seconds=seconds, reporter=silent())
    assert len(outcome.results) == len(plan.needs) == 7583
    schedule = simulate(plan.needs, seconds, slots)
    assert script.now == pytest.approx(schedule.makespan_s, rel=0.001)
    assert script.now <= schedule.bound_s * BOUND_LIMIT


def test_all_is_done_though_each_tenth_task_is_lost() -> None:
    plan = make_plan(PlanKind.A, make_graph())
    script = Clock(dict.fromkeys(plan.needs, 1.0), 100, lost=10)
    outcome = run_graph(plan.needs, NoWork(), script, Journal(None), seconds={}, reporter=silent())
    # Lost three times, of ten thousand tasks, are about seven; what needs them is skipped.
    assert len(outcome.results) + len(outcome.failed) + len(outcome.skipped) == len(plan.needs)
    assert len(outcome.failed) < 40
    assert all("lost with its worker 3 times" in str(error) for error in outcome.failed.values())


@pytest.mark.sweep
@pytest.mark.tool
def test_10_a_whole_distribution_through_a_cluster_in_little_memory(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    program = """
        import resource, sys
        from pathlib import Path
        from bench.engine import Naps, run
        from bench.graph import load_graph
        from boatyard.graph.engine.dask import DaskExecutor
        from boatyard.graph.plan import PlanKind, make_plan

        needs = make_plan(PlanKind.A, load_graph()[0]).needs
        with DaskExecutor(sys.argv[1]) as executor:
            run(needs, dict.fromkeys(needs, 0.0), {}, executor, Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
    """
    with cluster(2, jobs=16, worker=("--allow", "bench.engine:nap")) as made:
        words = [sys.executable, "-c", textwrap.dedent(program), made.address, str(tmp_path)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MEMORY_LIMIT_MB
