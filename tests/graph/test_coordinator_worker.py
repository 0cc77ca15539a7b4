"""Which workers the coordinator waits for: slots, architectures and memory of tasks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.graph.script import CHAIN, ONE, TWO, Script, Steps, order, run

from boatyard.graph.work import Finished, Worker


def test_no_more_run_than_there_are_slots() -> None:
    many: dict[str, set[str]] = {f"n{number}": set() for number in range(20)}
    for ahead in (0, 1):
        script = Script(there=TWO, ahead=ahead)
        run(many, script)
        assert script.most == 2 + ahead


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
