"""How the coordinator goes through a graph: in which order, what a failure skips, what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.graph.script import CHAIN, TWO, Script, Steps, error, order, run

from boatyard.base.error import BuildError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.journal import Journal
from boatyard.ports.progress import Reporter, silent

if TYPE_CHECKING:
    from boatyard.base.event import Event
    from boatyard.graph.work import Finished, Task


def test_all_is_done_in_the_order_of_the_ranks() -> None:
    script = Script()
    outcome = run(CHAIN, script)
    assert order(script) == ["a", "b", "alone", "c"]
    assert outcome.results == {name: name.encode() for name in CHAIN}
    assert outcome.seconds == dict.fromkeys(CHAIN, 1.0)


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


def test_a_graph_with_a_cycle_is_refused() -> None:
    with pytest.raises(BuildError, match="in a circle: a → b → a"):
        run({"a": {"b"}, "b": {"a"}}, Script())


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
