"""How the coordinator judges ends, with an executor that does as it is told and needs no time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BoatyardError, BuildError, OutOfMemoryError, SourceError, ToolError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.journal import Journal
from boatyard.graph.work import Done, Finished, Outcome, Task, Wait, Worker
from boatyard.ports.progress import Reporter, silent

if TYPE_CHECKING:
    from boatyard.base.event import Event

ONE = (Worker(name="w1", arch="x86_64", slots=1, memory_mib=1000),)
TWO = (*ONE, Worker(name="w2", arch="x86_64", slots=1, memory_mib=1000))
End = Callable[[Task, int, str], Finished]


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


CHAIN: dict[str, set[str]] = {"c": {"b"}, "b": {"a"}, "a": set(), "alone": set()}


def test_all_is_done_in_the_order_of_the_ranks() -> None:
    script = Script()
    outcome = run(CHAIN, script)
    assert order(script) == ["a", "b", "alone", "c"]
    assert outcome.results == {name: name.encode() for name in CHAIN}
    assert outcome.seconds == dict.fromkeys(CHAIN, 1.0)


def test_no_more_run_than_there_are_slots() -> None:
    many: dict[str, set[str]] = {f"n{number}": set() for number in range(20)}
    for ahead in (0, 1):
        script = Script(there=TWO, ahead=ahead)
        run(many, script)
        assert script.most == 2 + ahead


def test_what_is_there_already_takes_no_task() -> None:
    script = Script()
    outcome = run(CHAIN, script, Steps(there=frozenset("ab")))
    assert order(script) == ["alone", "c"]
    assert outcome.reused == {"a", "b"}


def test_a_build_error_is_not_retried_and_skips_what_needs_it() -> None:
    script = Script(ends={"a": [error(BuildError("a does not compile"))]})
    outcome = run(CHAIN, script)
    assert order(script) == ["a", "alone"]
    assert [str(failure) for failure in outcome.failed.values()] == ["error: a does not compile"]
    assert outcome.skipped == {"b": "a", "c": "a"}
    assert outcome.results == {"alone": b"alone"}


def test_a_node_that_cannot_be_made_fails_alone() -> None:
    outcome = run(CHAIN, Script(), Steps(wrong={"b": BuildError("nothing provides libx")}))
    assert list(outcome.failed) == ["b"]
    assert outcome.skipped == {"c": "b"}
    assert list(outcome.results) == ["a", "alone"]


def test_a_run_that_stops_at_the_first_failure_waits_for_what_runs() -> None:
    script = Script(there=TWO, ends={"a": [error(BuildError("no"))]})
    outcome = run(
        {"a": set(), "b": set(), "c": set(), "d": {"c"}},
        script,
        seconds={"a": 9, "b": 1, "c": 2, "d": 2},
        keep_going=False,
    )
    assert order(script) == ["a", "c"]
    assert outcome.results == {"c": b"c"}
    assert outcome.skipped == {"b": "a", "d": "a"}


def test_out_of_memory_is_tried_once_more_with_twice_the_memory() -> None:
    memory = error(OutOfMemoryError("out of memory"))
    script = Script(ends={"a": [memory, answer], "b": [memory]})
    outcome = run({"a": set(), "b": set()}, script, Steps(memory={"a": 300, "b": 400}))
    assert [entry[:2] for entry in script.submitted] == [("a", 300), ("a", 600), ("b", 400), ("b", 800)]
    assert list(outcome.failed) == ["b"]


def test_a_lost_task_is_tried_on_another_worker() -> None:
    script = Script(there=TWO, ends={"a": [lost, answer]})
    assert run({"a": set()}, script).results == {"a": b"a"}
    assert script.submitted == [("a", 0, "w1"), ("a", 0, "w2")]


def test_a_task_is_lost_three_times_at_most() -> None:
    script = Script(ends={"a": [lost]})
    outcome = run(CHAIN, script)
    assert order(script).count("a") == 3
    assert "a was lost with its worker 3 times" in str(outcome.failed["a"])
    assert outcome.results == {"alone": b"alone"}


def test_a_task_that_was_never_started_is_tried_as_often_as_it_takes() -> None:
    script = Script(ends={"a": [not_started] * 9 + [answer]})
    assert run({"a": set()}, script).results == {"a": b"a"}


def test_tasks_lost_twice_do_not_run_beside_each_other() -> None:
    script = Script(there=TWO, ends={name: [lost, lost, answer] for name in "abcd"})
    assert len(run({name: set() for name in "abcde"}, script).results) == 5
    assert script.suspects == {1}
    assert script.most == 2  # others do run side by side


def test_after_a_loss_the_store_is_asked_first() -> None:
    """The worker may have finished although it was lost."""
    steps = Steps()

    def finished_unseen(task: Task, attempt: int, worker: str) -> Finished:
        steps.there = frozenset({"a"})
        return lost(task, attempt, worker)

    script = Script(there=TWO, ends={"a": [finished_unseen]})
    assert run({"a": set()}, script, steps).results == {"a": b"a"}
    assert order(script) == ["a"]


def test_an_answer_that_comes_too_late_is_not_taken() -> None:
    def late(task: Task, attempt: int, worker: str) -> Finished:
        return Finished(node=task.node, attempt=attempt - 1, worker=worker, answer=b"late")

    @dataclass
    class Twice(Script):
        def poll(self, timeout_s: float) -> list[Finished]:
            if not self.running:
                return []
            task, attempt, worker = next(iter(self.running.values()))
            return [late(task, attempt, worker), *super().poll(timeout_s)]

    assert run({"a": set()}, Twice()).results == {"a": b"a"}


def test_what_a_host_refuses_is_tried_on_the_others() -> None:
    full = error(ToolError("no space left"))
    script = Script(there=TWO, ends={"a": [full, answer], "b": [full]})
    outcome = run({"a": set(), "b": set()}, script)
    assert sorted(script.submitted) == [("a", 0, "w1"), ("a", 0, "w2"), ("b", 0, "w1"), ("b", 0, "w2")]
    assert outcome.results == {"a": b"a"}
    assert str(outcome.failed["b"]) == "error: no space left"


def test_what_the_only_host_refuses_is_not_tried_again() -> None:
    for refusal in (ToolError("no rpmbuild"), SourceError("no answer", temporary=True)):
        script = Script(ends={"a": [error(refusal)]})
        assert run({"a": set()}, script).failed == {"a": refusal}
        assert order(script) == ["a"]


def test_tasks_go_to_their_architecture_and_do_not_wait_for_one_another() -> None:
    arm = Worker(name="arm", arch="aarch64", slots=1)
    script = Script(there=(*ONE, arm))
    run({name: set() for name in "abcd"}, script, Steps(arch=dict.fromkeys("abc", "x86_64") | {"d": "aarch64"}))
    assert {node: worker for node, _, worker in script.submitted} == {"a": "w1", "b": "w1", "c": "w1", "d": "arm"}
    assert order(script)[:2] == ["a", "d"]


def test_an_architecture_that_nobody_has_fails_after_a_time_and_the_others_go_on() -> None:
    steps = Steps(arch={"b": "aarch64", "c": "x86_64"})
    outcome = run({"a": set(), "b": set(), "c": set(), "d": {"b"}}, Script(), steps, worker_wait_s=0.01)
    assert list(outcome.results) == ["a", "c"]
    assert str(outcome.failed["b"]) == (
        "error: no worker for aarch64 came within 0 s; there are workers for x86_64\n"
        "  hint: start one: `boatyard worker --scheduler … --arch aarch64`"
    )
    assert outcome.skipped == {"d": "b"}


def test_without_any_worker_all_fails_after_a_time() -> None:
    outcome = run(CHAIN, Script(there=()), worker_wait_s=0.01)
    assert sorted(outcome.failed) == ["a", "alone"]


def test_a_worker_that_comes_in_time_is_used() -> None:
    script = Script(there=())

    @dataclass
    class Late(Script):
        polls: int = 0

        def poll(self, timeout_s: float) -> list[Finished]:
            self.polls += 1
            if self.polls > 2:
                self.there = ONE
            return super().poll(timeout_s)

    script = Late(there=())
    assert len(run(CHAIN, script).results) == 4


def test_memory_is_counted_and_large_tasks_are_not_starved() -> None:
    script = Script(there=(Worker(name="w", arch="x86_64", slots=4, memory_mib=1000),))
    memory = {"small1": 400, "small2": 400, "large": 900, "small3": 100}
    seconds = {"small1": 9.0, "small2": 8.0, "large": 7.0, "small3": 6.0}
    run({name: set() for name in memory}, script, Steps(memory=memory), seconds=seconds)
    assert order(script) == ["small1", "small2", "large", "small3"]
    assert max(sum(memory[name] for name in some) for some in script.together) == 1000
    assert not any("large" in some and len(some & {"small1", "small2"}) for some in script.together)


def test_a_task_larger_than_every_worker_runs_alone() -> None:
    script = Script(there=TWO)
    outcome = run({"huge": set(), "a": set()}, script, Steps(memory={"huge": 5000, "a": 1}))
    assert len(outcome.results) == 2


def test_discovered_needs_are_done_first_and_with_the_right_rank() -> None:
    script = Script()
    steps = Steps(discovered={"long": frozenset({"doc"})})
    outcome = run(
        {"long": set(), "doc": set(), "other": set()}, script, steps, seconds={"long": 100, "other": 50, "doc": 1}
    )
    assert order(script) == ["doc", "long", "other"]
    assert len(outcome.results) == 3


def test_a_task_that_waits_for_a_slot_is_lifted_by_a_discovery() -> None:
    """`doc` was asked before the others, and waits behind `other`, when `long` turns out to need it."""
    steps = Steps(discovered={"long": frozenset({"doc"})})
    script = Script(ends={"first": [answer]})
    needs: dict[str, set[str]] = {"first": set(), "long": {"first"}, "doc": set(), "other": set()}
    run(needs, script, steps, seconds={"first": 10, "long": 100, "other": 50, "doc": 1})
    assert order(script) == ["first", "doc", "long", "other"]


def test_what_needs_a_failed_node_by_a_discovery_is_skipped() -> None:
    script = Script(ends={"a": [error(BuildError("no"))]})
    steps = Steps(discovered={"late": frozenset({"a"})})
    outcome = run({"a": set(), "late": {"b"}, "b": set(), "user": {"late"}}, script, steps, seconds={"a": 100})
    assert outcome.skipped == {"late": "a", "user": "a"}


def test_discoveries_that_need_each_other_fail() -> None:
    steps = Steps(discovered={"a": frozenset("b"), "b": frozenset("a")})
    outcome = run({"a": set(), "b": set(), "c": set()}, Script(), steps)
    assert "in a circle" in str(outcome.failed["b"])
    assert outcome.skipped == {"a": "b"}
    assert outcome.results == {"c": b"c"}


def test_a_graph_with_a_cycle_is_refused() -> None:
    with pytest.raises(BuildError, match="in a circle: a → b → a"):
        run({"a": {"b"}, "b": {"a"}}, Script())


def test_a_wait_for_what_is_done_ends() -> None:
    class Wrong(Steps):
        def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
            return Wait(frozenset({"a"})) if node == "b" else super().next(node, answer, results)

    assert "waits for nodes that are done" in str(run({"a": set(), "b": {"a"}}, Script(), Wrong()).failed["b"])


def test_an_interrupt_cancels_what_runs() -> None:
    def interrupt(task: Task, attempt: int, worker: str) -> Finished:
        raise KeyboardInterrupt

    script = Script(there=TWO, ends={"a": [interrupt]})
    with pytest.raises(KeyboardInterrupt):
        run({"a": set(), "b": set()}, script)
    assert script.cancelled == ["a", "b"]


def test_progress_counts_all_that_ended() -> None:
    events: list[Event] = []
    run(CHAIN, Script(ends={"b": [error(BuildError("no"))]}), reporter=Reporter(events.append))
    assert [(event.done, event.total) for event in events if event.kind == "progress"][-1] == (4, 4)
    assert [event.text for event in events if event.kind == "warning"] == ["b failed: no"]


def test_the_journal_knows_of_a_start_before_the_executor() -> None:
    told: list[str] = []

    class Watched(Journal):
        def write(self) -> None:
            told.append("write")

    class Executor(Script):
        def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
            assert told[-1] == "write"
            told.append(task.node)
            super().submit(task, function, attempt, avoid)

    run_graph({"a": set()}, Steps(), Executor(), Watched(None), seconds={}, reporter=silent())
    assert told.index("write") < told.index("a")
