"""Runs the build graph of a whole distribution with builds that only take time: `python -m bench engine`.

First with builds that take none, for what the engines themselves take, then with the times of `bench.graph` made
SCALE times shorter, for how near the order comes to the bound that no order can beat. The workers are processes on this
machine; builds sleep, so that many run beside each other on few processors.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.graph.cluster import cluster

from bench.graph import load_graph, make_times
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.dask import DaskExecutor
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal
from boatyard.graph.plan import PlanKind, component_of, make_plan
from boatyard.graph.simulate import simulate
from boatyard.graph.work import Done, Task, TaskContext, Wait
from boatyard.ports.clock import sleep
from boatyard.ports.progress import silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.graph.work import Executor

WORKERS, JOBS = 2, 16
SCALE = float(os.environ.get("BOATYARD_BENCH_SCALE", "1000"))
TASK_LIMIT_MS, MEMORY_LIMIT_MB, BOUND_LIMIT = 5.0, 300, 1.05
FUNCTION = "bench.engine:nap"


@dataclass
class Naps:
    """`seconds`: what the build of each node takes."""

    seconds: Mapping[str, float]
    function: str = FUNCTION

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:  # noqa: ARG002
        if answer is not None:
            return Done(result=answer)
        return Task(node=node, step="build", payload=json.dumps(self.seconds[node]).encode(), arch="x86_64")


def nap(payload: bytes, context: TaskContext) -> bytes:  # noqa: ARG001
    """Takes its time, and gives a digest."""
    if seconds := json.loads(payload):
        sleep(seconds)
    return b"0" * 64


def main() -> None:
    """Prints milliseconds for each node, the memory of the coordinator, and makespans."""
    needs, where = load_graph()
    plan = make_plan(PlanKind.A, needs)
    times = make_times(needs)
    short = {node: times[component_of(node)] / SCALE for node in plan.needs}
    print(f"{where}: {len(plan.needs)} nodes, {sum(map(len, plan.needs.values()))} edges")
    schedule = simulate(plan.needs, short, WORKERS * JOBS)
    print(f"times / {SCALE:.0f} on {WORKERS * JOBS} slots: bound {schedule.bound_s:.1f} s")
    nothing = dict.fromkeys(plan.needs, 0.0)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        made = stack.enter_context(cluster(WORKERS, jobs=JOBS, worker=("--allow", FUNCTION)))
        assert made.scheduler is not None
        processes = (made.scheduler.pid, *(worker.pid for worker in made.workers.values()))
        for ahead in (0, 1):
            with DaskExecutor(made.address, ahead=ahead) as dask:
                measure(
                    f"dask, {ahead} ahead", plan.needs, nothing, short, schedule.bound_s, dask, Path(folder), processes
                )
        with LocalExecutor(Path(folder), jobs=WORKERS * JOBS, arch="x86_64") as local:
            measure("local", plan.needs, nothing, short, schedule.bound_s, local, Path(folder))


def measure(
    name: str,
    needs: Mapping[str, tuple[str, ...]],
    nothing: Mapping[str, float],
    short: Mapping[str, float],
    bound_s: float,
    executor: Executor,
    folder: Path,
    processes: tuple[int, ...] = (),
) -> None:
    """Both runs on one executor. `processes`: the others that work for it; their time counts, as machines are busy."""
    before = processor_seconds(processes)
    took = run(needs, nothing, short, executor, folder) * 1000 / len(needs)
    used = [
        (after - start) * 1000 / len(needs) for start, after in zip(before, processor_seconds(processes), strict=True)
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(
        f"{name:14} {took:5.2f} ms a node: {verdict(took <= TASK_LIMIT_MS)}, of processors {sum(used):.2f} ms"
        f" ({' + '.join(f'{one:.2f}' for one in used)});"
        f" coordinator {memory:.0f} MB: {verdict(memory <= MEMORY_LIMIT_MB)}"
    )
    ratio = run(needs, short, short, executor, folder) / bound_s
    print(f"{name:14} {ratio * bound_s:5.1f} s, {ratio:.3f} of the bound: {verdict(ratio <= BOUND_LIMIT)}")
    sys.stdout.flush()


def run(
    needs: Mapping[str, tuple[str, ...]],
    seconds: Mapping[str, float],
    expected: Mapping[str, float],
    executor: Executor,
    folder: Path,
) -> float:
    """Seconds of a run over the whole graph, with a journal."""
    started = time.perf_counter()
    with Journal(folder / "journal.jsonl") as journal:
        outcome = run_graph(needs, Naps(seconds), executor, journal, seconds=expected, reporter=silent())
    took = time.perf_counter() - started
    assert len(outcome.results) == len(needs), outcome.failed
    return took


def processor_seconds(processes: tuple[int, ...]) -> list[float]:
    """What this process and others have used."""
    found = [time.process_time()]
    for number in processes:
        words = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        found.append((int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"))
    return found


def verdict(ok: bool) -> str:
    return "ok" if ok else "ABOVE the limit"


if __name__ == "__main__":
    main()
