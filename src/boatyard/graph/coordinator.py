"""Runs a graph of work: one thread that asks what is next, hands ready tasks to an executor by rank, and judges ends.

A build error fails its node and skips what needs it; everything else is still done. Out of memory is tried once more
with twice the memory. A task lost with its worker is tried on another, at most three times in all; one that was lost
twice runs only while no other of those does, so that what kills workers takes few others with it. An error of a
worker's host (no space, a program missing) is tried on the other workers, where there are any.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError, OutOfMemoryError, SourceError, ToolError
from boatyard.graph.frontier import Frontier
from boatyard.graph.work import Done, Outcome, Task, Wait
from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from boatyard.graph.journal import Journal
    from boatyard.graph.work import Executor, Finished, Work, Worker
    from boatyard.ports.progress import Reporter

MAX_LOSSES = 3
SUSPECT = 2  # losses after which a task is suspected of killing its workers
TURN_S = 0.05  # how long ready nodes are asked what is next before ends are looked at
POLL_S = 1.0  # new workers are noticed within this time
WORKER_WAIT_S = 60.0


def run_graph(
    needs: Mapping[str, Collection[str]],
    work: Work,
    executor: Executor,
    journal: Journal,
    *,
    seconds: Mapping[str, float],
    reporter: Reporter,
    keep_going: bool = True,
    worker_wait_s: float = WORKER_WAIT_S,
) -> Outcome:
    """Does the work of all nodes, those with the longest way ahead first (`graph.rank`, by `seconds` as known).

    `keep_going`: without it nothing is started after the first failure, and what runs is waited for. `worker_wait_s`:
    how long tasks wait for a worker of their architecture before they fail. BuildError for a graph with a cycle. When
    interrupted no task is left running. The executor and the journal are the caller's to close.
    """
    run = _Run(Frontier(needs, seconds), work, executor, journal, reporter, keep_going, worker_wait_s)
    try:
        return run.to_the_end()
    except BaseException:
        run.cancel()
        raise


@dataclass(slots=True)
class _Node:
    """What is known of a node that is neither done nor failed. `task`: the one that waits for a slot or runs."""

    answer: bytes | None = None
    task: Task | None = None
    attempt: int = 0
    losses: int = 0
    more_memory: bool = False
    tried: frozenset[str] = frozenset()  # the workers on which the task was lost or failed for the host's reasons
    seconds: float = 0.0


@dataclass(slots=True)
class _Run:
    frontier: Frontier
    work: Work
    executor: Executor
    journal: Journal
    reporter: Reporter
    keep_going: bool
    worker_wait_s: float
    outcome: Outcome = field(default_factory=Outcome)
    nodes: dict[str, _Node] = field(default_factory=dict)
    waiting: dict[str, list[tuple[float, str]]] = field(default_factory=dict)  # by architecture: heaps of (-rank, node)
    running: dict[str, _Node] = field(default_factory=dict)
    without_worker: dict[str, float] = field(default_factory=dict)  # by architecture: since when

    def to_the_end(self) -> Outcome:
        while True:
            workers = self.executor.workers()
            busy = self._ask()
            self._fail_without_worker(workers)
            self._start(workers)
            ended = self.executor.poll(0)  # tasks are on their way while the journal reaches the disk
            self.journal.flush()
            if not (busy or self.running or any(self.waiting.values())):
                self._skip_rest()
                return self.outcome
            for finished in ended or self.executor.poll(0 if busy else POLL_S):
                self._judge(finished)

    def cancel(self) -> None:
        """Ends all that runs."""
        for node, state in self.running.items():
            self.executor.cancel(node)
            self.journal.tell("cancelled", node, attempt=state.attempt)
        self.journal.flush()

    def _skip_rest(self) -> None:
        """Nodes that nobody asked for as the run was to stop at the first failure."""
        for node in self.frontier.rank if self._stopped else ():
            if not any(node in ended for ended in (self.outcome.results, self.outcome.failed, self.outcome.skipped)):
                self._skip(node, next(iter(self.outcome.failed)))

    # Asking what is next

    def _ask(self) -> bool:
        """Asks ready nodes, by rank, what is to be done for them; whether some could not be asked yet.

        In a run that stops, only what a task gave is still asked about.
        """
        until = clock.monotonic() + TURN_S
        while self.frontier.best() is not None:
            if clock.monotonic() > until:
                return True
            node = self.frontier.take()
            if not self._stopped or (node in self.nodes and self.nodes[node].answer is not None):
                self._ask_one(node)
        return False

    @property
    def _stopped(self) -> bool:
        return not self.keep_going and bool(self.outcome.failed)

    def _ask_one(self, node: str) -> None:
        state = self.nodes.setdefault(node, _Node(attempt=self.journal.started.get(node, 0)))
        try:
            wanted = self.work.next(node, state.answer, self.outcome.results)
            if isinstance(wanted, Wait):
                self._wait(node, wanted.nodes)
                return
        except BoatyardError as error:
            self._fail(node, error)
            return
        if isinstance(wanted, Done):
            self._done(node, wanted)
            return
        state.task = replace(wanted, memory_mib=2 * wanted.memory_mib) if state.more_memory else wanted
        self._enqueue(node)

    def _wait(self, node: str, needs: frozenset[str]) -> None:
        missing = needs - self.outcome.results.keys()
        if not missing:
            raise BoatyardError(f"{node} waits for nodes that are done", hint="this is a bug in Boatyard")
        for need in sorted(missing):
            if need in self.outcome.failed or need in self.outcome.skipped:
                self._skip(node, self.outcome.skipped.get(need, need))
                for user in self.frontier.drop(node):
                    self._skip(user, self.outcome.skipped[node])
                self._tell(node)
                return
        for risen in self.frontier.wait(node, missing):
            if risen in self.nodes and self.nodes[risen].task is not None and risen not in self.running:
                self._enqueue(risen)

    def _enqueue(self, node: str) -> None:
        task = self.nodes[node].task
        if task is not None:
            heappush(self.waiting.setdefault(task.arch, []), (-self.frontier.rank[node], node))

    # Starting tasks

    def _start(self, workers: Collection[Worker]) -> None:
        """Starts what there are slots for; the journal knows before any worker does."""
        if self._stopped:
            self.waiting.clear()
        room = _Room(workers, self.executor.ahead, [state.task for state in self.running.values() if state.task])
        chosen: list[_Node] = []
        while (node := self._next_waiting(room)) is not None:
            state = self.nodes[node]
            if state.task is None:
                continue
            state.attempt += 1
            self.running[node] = state
            room.take(state.task)
            chosen.append(state)
            self.journal.tell("started", node, step=state.task.step, attempt=state.attempt)
        self.journal.write()
        for state in chosen:
            if state.task is not None:
                self.executor.submit(state.task, self.work.function, state.attempt, state.tried)

    def _next_waiting(self, room: _Room) -> str | None:
        """The waiting task that goes first, taken off its heap; None when none may start now.

        A task that has no room holds back the others of its architecture, or a large one would never have any. None
        that could be less urgent than a node that was not asked yet is started.
        """
        suspect_runs = any(state.losses >= SUSPECT for state in self.running.values())
        held: list[tuple[str, tuple[float, str]]] = []
        best: tuple[float, str] | None = None
        where = ""
        for arch, heap in self.waiting.items():
            while heap and (self._is_stale(heap[0]) or (suspect_runs and self.nodes[heap[0][1]].losses >= SUSPECT)):
                entry = heappop(heap)
                if not self._is_stale(entry):
                    held.append((arch, entry))
            if heap and (best is None or heap[0] < best):
                task = self.nodes[heap[0][1]].task
                if task is not None and room.has(task):
                    best, where = heap[0], arch
        unasked = self.frontier.best()
        if best is not None and unasked is not None and unasked > -best[0]:
            best = None
        if best is not None:
            heappop(self.waiting[where])
        for arch, entry in held:
            heappush(self.waiting[arch], entry)
        return best[1] if best is not None else None

    def _is_stale(self, entry: tuple[float, str]) -> bool:
        node = entry[1]
        return (
            node not in self.nodes
            or node in self.running
            or self.nodes[node].task is None
            or -entry[0] != self.frontier.rank[node]
        )

    def _fail_without_worker(self, workers: Collection[Worker]) -> None:
        """Fails the tasks that have waited long enough for an architecture that no worker has."""
        there = {worker.arch for worker in workers}
        for arch, heap in self.waiting.items():
            if not heap or arch in there or (not arch and there):
                self.without_worker.pop(arch, None)
                continue
            since = self.without_worker.setdefault(arch, clock.monotonic())
            if clock.monotonic() - since < self.worker_wait_s:
                continue
            has = f"; there are workers for {', '.join(sorted(there))}" if there else ""
            for entry in sorted(heap):
                if not self._is_stale(entry):
                    self._fail(
                        entry[1],
                        ToolError(
                            f"no worker{f' for {arch}' if arch else ''} came within {self.worker_wait_s:.0f} s{has}",
                            hint=f"start one: `boatyard worker --scheduler …{f' --arch {arch}' if arch else ''}`",
                        ),
                    )
            heap.clear()

    # Judging ends

    def _judge(self, finished: Finished) -> None:
        node = finished.node
        state = self.running.get(node)
        if state is None or state.attempt != finished.attempt:
            return  # too late: the task was given up for lost; what it left in the store, the store knows
        del self.running[node]
        state.seconds += finished.seconds
        task, state.task = state.task, None
        if finished.lost:
            self._lost(node, state, finished)
        elif finished.error is None:
            self.journal.tell("answered", node, worker=finished.worker, attempt=state.attempt, seconds=finished.seconds)
            state.answer, state.losses, state.more_memory, state.tried = finished.answer, 0, False, frozenset()
            self.frontier.again(node)
        elif isinstance(finished.error, OutOfMemoryError) and not state.more_memory and task and task.memory_mib:
            state.more_memory = True
            self._retry(node, finished, f"ran out of {task.memory_mib} MiB and is tried with twice as much")
        elif _is_of_host(finished.error) and self._is_elsewhere(task, state.tried | {finished.worker}):
            state.tried |= {finished.worker}
            self._retry(node, finished, f"failed on {finished.worker} and is tried on another worker: {finished.error}")
        else:
            self._fail(node, finished.error)

    def _lost(self, node: str, state: _Node, finished: Finished) -> None:
        if finished.worker:
            state.losses += 1
            state.tried |= {finished.worker}
        if state.losses < MAX_LOSSES:
            self._retry(node, finished, f"was lost: {finished.lost}")
            return
        self._fail(
            node,
            ToolError(
                f"{node} was lost with its worker {state.losses} times",
                detail=finished.lost,
                hint="it may be what ends the workers: look at their memory and their kernel's log",
            ),
        )

    def _retry(self, node: str, finished: Finished, why: str) -> None:
        self.journal.tell("retried", node, worker=finished.worker, attempt=finished.attempt, text=why)
        self.reporter.warn(f"{node} {why}")
        self.frontier.again(node)

    def _is_elsewhere(self, task: Task | None, tried: frozenset[str]) -> bool:
        """Whether there is a worker for a task that has not tried it."""
        workers = self.executor.workers() if task is not None and len(tried) < MAX_LOSSES else ()
        return any(worker.name not in tried and (not task or task.arch in ("", worker.arch)) for worker in workers)

    def _done(self, node: str, done: Done) -> None:
        seconds = self.nodes.pop(node).seconds
        self.outcome.results[node] = done.result
        if done.reused:
            self.outcome.reused.add(node)
        else:
            self.outcome.seconds[node] = seconds
        self.journal.tell("reused" if done.reused else "done", node, seconds=seconds)
        self.frontier.done(node)
        self._tell(node)

    def _fail(self, node: str, error: BoatyardError) -> None:
        self.nodes.pop(node, None)
        self.outcome.failed[node] = error
        self.journal.tell("failed", node, text=error.problems[0].what)
        self.reporter.warn(f"{node} failed: {error.problems[0].what}")
        for user in self.frontier.drop(node):
            self._skip(user, node)
        self._tell(node)

    def _skip(self, node: str, because_of: str) -> None:
        self.nodes.pop(node, None)
        self.outcome.skipped[node] = because_of
        self.journal.tell("skipped", node, text=because_of)

    def _tell(self, node: str) -> None:
        ended = len(self.outcome.results) + len(self.outcome.failed) + len(self.outcome.skipped)
        self.reporter.progress(ended, len(self.frontier), node)


def _is_of_host(error: BoatyardError) -> bool:
    """Whether another worker may well succeed."""
    return isinstance(error, ToolError) or (isinstance(error, SourceError) and error.temporary)


class _Room:
    """The slots and the memory that are free, by architecture and for all together."""

    def __init__(self, workers: Collection[Worker], ahead: int, running: Collection[Task]) -> None:
        self.slots = Counter({"": ahead})
        self.memory: Counter[str] = Counter()
        self.largest: dict[str, int] = {}
        for worker in workers:
            self.slots.setdefault(worker.arch, ahead)
            for arch in ("", worker.arch):
                self.slots[arch] += worker.slots
                self.memory[arch] += worker.memory_mib
                self.largest[arch] = max(self.largest.get(arch, 0), worker.memory_mib)
        if not workers:
            self.slots[""] = 0
        for task in running:
            self.take(task)

    def has(self, task: Task) -> bool:
        if any(self.slots[arch] < 1 for arch in {"", task.arch}):
            return False
        largest = self.largest.get(task.arch, 0)
        return not largest or min(task.memory_mib, largest) <= self.memory[task.arch]

    def take(self, task: Task) -> None:
        memory = min(task.memory_mib, self.largest.get(task.arch, 0))
        for arch in {"", task.arch}:
            self.slots[arch] -= 1
            self.memory[arch] -= memory
