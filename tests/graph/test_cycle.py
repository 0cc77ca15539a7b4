"""Cycles are found and cut, always the same way."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from tests.graph.some_graph import SMALL, Needs, graphs, reaches

from boatyard.graph.cycle import Edge, cycles, feedback_edges, shortest_cycle, strongly_connected


def test_strongly_connected_components_come_after_what_they_need() -> None:
    assert strongly_connected(SMALL) == [("make",), ("gcc", "glibc"), ("pip", "python"), ("bash",)]


def test_cycles() -> None:
    assert cycles(SMALL) == [("gcc", "glibc"), ("pip", "python")]
    assert cycles({"a": {"a"}, "b": {"a", "c"}}) == [("a",)]


def test_a_shortest_way_around() -> None:
    needs = {"a": {"b", "x"}, "b": {"c"}, "c": {"a"}, "x": {"y"}, "y": {"z"}, "z": {"a"}}
    assert shortest_cycle(needs, "a") == ("a", "b", "c", "a")
    assert shortest_cycle(needs, "y") == ("y", "z", "a", "x", "y")
    assert shortest_cycle({"a": {"a"}}, "a") == ("a", "a")
    assert shortest_cycle(SMALL, "bash") == ()


def test_the_edges_cut_are_few() -> None:
    # One package that all need, and that needs one of them: one edge is enough.
    star = {"hub": {"n3"}} | {f"n{number}": {"hub"} for number in range(6)}
    assert feedback_edges(star) == (Edge("hub", "n3"),)
    assert feedback_edges({"a": {"a"}}) == (Edge("a", "a"),)
    assert feedback_edges({"a": {"b"}, "b": set()}) == ()


@given(graphs())
def test_members_of_a_component_reach_each_other(needs: Needs) -> None:
    components = strongly_connected(needs)
    assert sorted(node for members in components for node in members) == sorted(needs)
    reach = {node: reaches(needs, node) for node in needs}
    done: set[str] = set()
    for members in components:
        for node in members:
            assert {other for other in reach[node] if node in reach[other]} | {node} == set(members)
            assert reach[node] <= done | set(members)
        done.update(members)


@given(graphs())
def test_without_the_cut_edges_there_is_no_cycle(needs: Needs) -> None:
    cut = set(feedback_edges(needs))
    left = {node: {need for need in wanted if (node, need) not in cut} for node, wanted in needs.items()}
    assert cycles(left) == []
    members = {node: set(group) for group in cycles(needs) for node in group}
    for node, need in cut:
        assert need in needs[node]
        assert need in members[node]


@given(graphs())
def test_the_answer_does_not_depend_on_the_order_of_the_graph(needs: Needs) -> None:
    shuffled = dict(sorted(needs.items(), reverse=True))
    assert strongly_connected(shuffled) == strongly_connected(needs)
    assert feedback_edges(shuffled) == feedback_edges(needs)


@given(graphs())
def test_the_shortest_cycle_is_one(needs: Needs) -> None:
    for members in cycles(needs):
        for node in members:
            way = shortest_cycle(needs, node)
            assert way[0] == way[-1] == node
            assert all(after in needs[before] for before, after in pairwise(way))
            assert len(set(way[1:])) == len(way) - 1


def test_long_chains_need_no_stack() -> None:
    count = 20_000
    needs = {f"{number:05}": {f"{(number + 1) % count:05}"} for number in range(count)}
    assert len(cycles(needs)[0]) == count
    assert len(feedback_edges(needs)) == 1
