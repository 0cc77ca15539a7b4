"""What the coordinator has tried again: what ran out of memory, was lost, or was refused by a host."""

from __future__ import annotations

from dataclasses import dataclass

from tests.graph.script import CHAIN, TWO, Script, Steps, answer, error, lost, not_started, order, run

from boatyard.base.error import OutOfMemoryError, SourceError, ToolError
from boatyard.graph.work import Finished, Task


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
