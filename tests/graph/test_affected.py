"""What a change reaches, and by which way."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.graph.some_graph import SMALL, Needs, graphs, reaches

from boatyard.graph.affected import affected

LINE = {"app": {"gui", "library"}, "gui": {"library"}, "library": {"gcc"}, "gcc": set[str](), "docs": set[str]()}


def test_direct_and_transitive() -> None:
    found = affected(LINE, ["gcc"])
    assert found.direct == ("library",)
    assert list(found.distance.items()) == [("library", 1), ("app", 2), ("gui", 2)]
    assert found.way("app") == ("app", "library", "gcc")


def test_members_of_a_cycle_affect_each_other() -> None:
    found = affected(SMALL, ["pip"])
    assert found.changed == ("pip",)
    assert found.distance == {"python": 1, "bash": 2}
    assert affected(SMALL, ["pip", "python"]).distance == {"bash": 1}


def test_nothing_depends_on_it() -> None:
    assert affected(LINE, ["app"]).distance == {}
    assert affected(LINE, ["what is no node"]).direct == ()


@given(graphs(), st.sets(st.sampled_from([f"n{number:02}" for number in range(12)]), max_size=3))
def test_exactly_what_reaches_the_change(needs: Needs, names: set[str]) -> None:
    changed = names & needs.keys()
    found = affected(needs, changed)
    assert set(found.distance) == {node for node in needs if reaches(needs, node) & changed} - changed
    assert set(found.direct) == {node for node in needs if needs[node] & changed} - changed
    for node, hops in found.distance.items():
        way = found.way(node)
        assert len(way) == hops + 1
        assert way[-1] in changed
        assert all(after in needs[before] for before, after in pairwise(way))
