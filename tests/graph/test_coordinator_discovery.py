"""How the coordinator goes on when a node turns out to need others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.graph.script import Script, Steps, answer, error, order, run

from boatyard.base.error import BuildError
from boatyard.graph.work import Done, Task, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def test_a_wait_for_what_is_done_ends() -> None:
    class Wrong(Steps):
        def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
            return Wait(frozenset({"a"})) if node == "b" else super().next(node, answer, results)

    assert "waits for nodes that are done" in str(run({"a": set(), "b": {"a"}}, Script(), Wrong()).failed["b"])
