"""Schedules keep to the graph, leave no worker idle without need, and are not shorter than the bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph.some_graph import SMALL, Needs, graphs

from boatyard.base.error import BuildError
from boatyard.graph.cycle import feedback_edges
from boatyard.graph.simulate import Run, simulate

CHAIN = {"app": {"library"}, "library": {"gcc"}, "gcc": set[str](), "docs": set[str](), "font": set[str]()}
TIMES = {"app": 5.0, "library": 10.0, "gcc": 20.0, "docs": 7.0, "font": 9.0}


def acyclic(needs: Needs) -> Needs:
    cut = set(feedback_edges(needs))
    return {node: {need for need in wanted if (node, need) not in cut} for node, wanted in needs.items()}


def test_two_workers() -> None:
    schedule = simulate(CHAIN, TIMES, 2)
    assert schedule.runs == (
        Run("gcc", 0, 0, 20),
        Run("font", 1, 0, 9),
        Run("docs", 1, 9, 16),
        Run("library", 0, 20, 30),
        Run("app", 0, 30, 35),
    )
    assert (schedule.makespan_s, schedule.work_s, schedule.path_s, schedule.bound_s) == (35, 51, 35, 35)


def test_one_worker_works_all_the_time() -> None:
    schedule = simulate(CHAIN, TIMES, 1)
    assert schedule.makespan_s == schedule.bound_s == 51


def test_wrong_guesses_decide_the_order_only() -> None:
    schedule = simulate(CHAIN, TIMES, 2, guessed={"docs": 100.0, "font": 90.0})
    assert [run.node for run in schedule.runs] == ["gcc", "docs", "font", "library", "app"]
    assert schedule.runs[-1].end_s == schedule.makespan_s == 35


def test_nothing_takes_no_time() -> None:
    assert simulate({}, {}, 3).makespan_s == 0


def test_impossible() -> None:
    with pytest.raises(ValueError, match="worker"):
        simulate(CHAIN, TIMES, 0)
    with pytest.raises(BuildError, match="circle"):
        simulate(SMALL, {}, 2)


@given(graphs(), st.integers(1, 6), st.lists(st.integers(1, 50), min_size=12, max_size=12))
def test_a_schedule_keeps_to_the_graph(needs: Needs, workers: int, times: list[int]) -> None:
    graph = acyclic(needs)
    seconds = {node: float(time) for node, time in zip(graph, times, strict=False)}
    schedule = simulate(graph, seconds, workers)
    runs = {run.node: run for run in schedule.runs}
    assert runs.keys() == graph.keys()
    assert schedule.makespan_s == max((run.end_s for run in runs.values()), default=0)
    # Graham (1969): list scheduling is never as bad as twice the bound.
    assert schedule.bound_s <= schedule.makespan_s + 1e-9
    assert schedule.makespan_s <= schedule.path_s + schedule.work_s / workers
    for node, run in runs.items():
        assert run.end_s - run.start_s == seconds[node]
        assert all(runs[need].end_s <= run.start_s for need in graph[node] & graph.keys())
        others = [other for other in schedule.runs if other.worker == run.worker and other is not run]
        assert all(other.end_s <= run.start_s or other.start_s >= run.end_s for other in others)
