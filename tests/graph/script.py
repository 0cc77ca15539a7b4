"""An executor that does as it is told and needs no time, and runs of the coordinator with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.graph.coordinator import run_graph
from boatyard.graph.journal import Journal
from boatyard.graph.work import Done, Finished, Outcome, Task, Wait, Worker
from boatyard.ports.progress import Reporter, silent

if TYPE_CHECKING:
    from boatyard.base.error import BoatyardError

ONE = (Worker(name="w1", arch="x86_64", slots=1, memory_mib=1000),)
TWO = (*ONE, Worker(name="w2", arch="x86_64", slots=1, memory_mib=1000))
End = Callable[[Task, int, str], Finished]
CHAIN: dict[str, set[str]] = {"c": {"b"}, "b": {"a"}, "a": set(), "alone": set()}


@dataclass
class Script:
    """An executor whose tasks end, one at each poll, as `ends` says for their node: in order, the last one for ever."""

    there: tuple[Worker, ...] = ONE
    ends: Mapping[str, list[End]] = field(default_factory=dict)
    ahead: int = 0
    submitted: list[tuple[str, int, str]] = field(default_factory=list)  # node, memory, worker
    cancelled: list[str] = field(default_factory=list)
    running: dict[str, tuple[Task, int, str]] = field(default_factory=dict)
    most: int = 0
    together: set[frozenset[str]] = field(default_factory=set)
    suspects: set[int] = field(default_factory=set)  # how many tasks that were lost twice ran at a time, when any did
    count: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def workers(self) -> tuple[Worker, ...]:
        return self.there

    def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
        able = [worker.name for worker in self.there if task.arch in ("", worker.arch)]
        name = next((name for name in able if name not in avoid), able[0])
        self.submitted.append((task.node, task.memory_mib, name))
        self.running[task.node] = (task, attempt, name)
        self.most = max(self.most, len(self.running))
        self.together.add(frozenset(self.running))
        self.suspects |= {sum(self.count[name] >= 2 for name in self.running)} - {0}

    def poll(self, timeout_s: float) -> list[Finished]:
        if not self.running:
            return []
        node = next(iter(self.running))
        task, attempt, worker = self.running.pop(node)
        ends = self.ends.get(node, [answer])
        end = ends[min(self.count[node], len(ends) - 1)]
        self.count[node] += 1
        return [end(task, attempt, worker)]

    def cancel(self, node: str) -> None:
        self.cancelled.append(node)

    def close(self) -> None: ...


def answer(task: Task, attempt: int, worker: str) -> Finished:
    return Finished(node=task.node, attempt=attempt, worker=worker, seconds=1.0, answer=task.payload)


def lost(task: Task, attempt: int, worker: str) -> Finished:
    return Finished(node=task.node, attempt=attempt, worker=worker, lost="the worker died")


def not_started(task: Task, attempt: int, worker: str) -> Finished:
    return Finished(node=task.node, attempt=attempt, lost="its worker left")


def error(what: BoatyardError) -> End:
    return lambda task, attempt, worker: Finished(node=task.node, attempt=attempt, worker=worker, error=what)


@dataclass
class Steps:
    """Each node takes one task, and its result is its name; `arch` and `memory` of tasks; `asked`: all questions."""

    arch: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    there: frozenset[str] = frozenset()
    discovered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wrong: Mapping[str, BoatyardError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    function: str = "nothing:nothing"

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        self.asked.append(node)
        if node in self.wrong:
            raise self.wrong[node]
        if missing := self.discovered.get(node, frozenset()) - results.keys():
            return Wait(missing)
        if node in self.there:
            return Done(result=node.encode(), reused=True)
        if answer is not None:
            return Done(result=answer)
        return Task(
            node=node,
            step="build",
            payload=node.encode(),
            arch=self.arch.get(node, ""),
            memory_mib=self.memory.get(node, 0),
        )


def run(
    needs: Mapping[str, set[str]],
    script: Script,
    steps: Steps | None = None,
    *,
    seconds: Mapping[str, float] | None = None,
    keep_going: bool = True,
    worker_wait_s: float = 60,
    reporter: Reporter | None = None,
) -> Outcome:
    return run_graph(
        needs,
        steps or Steps(),
        script,
        Journal(None),
        seconds=seconds or {},
        reporter=reporter or silent(),
        keep_going=keep_going,
        worker_wait_s=worker_wait_s,
    )


def order(script: Script) -> list[str]:
    return [node for node, _, _ in script.submitted]
