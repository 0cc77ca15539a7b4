"""Ranks: the longest way ahead, with and without times."""

from __future__ import annotations

import pytest

from boatyard.base.error import BuildError
from boatyard.graph.rank import ranks

CHAIN = {"app": {"library", "make"}, "library": {"gcc"}, "gcc": set[str](), "make": {"gcc"}, "docs": set[str]()}


def test_own_time_and_the_longest_path_of_dependants() -> None:
    seconds = {"app": 5.0, "library": 10.0, "make": 1.0, "gcc": 100.0, "docs": 7.0}
    assert ranks(CHAIN, seconds) == {"app": 5, "library": 15, "make": 6, "gcc": 115, "docs": 7}


def test_hops_when_no_time_is_known() -> None:
    assert ranks(CHAIN, {}) == {"app": 1, "library": 2, "make": 2, "gcc": 3, "docs": 1}


def test_an_unknown_time_is_the_median_of_the_known() -> None:
    assert ranks(CHAIN, {"app": 2.0, "library": 4.0, "gcc": 90.0, "make": 6.0})["docs"] == 5.0
    assert ranks(CHAIN, {"app": 2.0, "somebody else": 50.0})["docs"] == 2.0


def test_what_is_no_node_is_done() -> None:
    assert ranks({"app": ["library"]}, {"app": 3.0}) == {"app": 3.0}


def test_a_cycle_is_named_from_its_first_member() -> None:
    needs = {"a": ["d"], "c": ["b"], "b": ["d"], "d": ["c"], "z": ["a"], "y": list[str]()}
    with pytest.raises(BuildError, match="goes round in a circle: b → d → c → b"):
        ranks(needs, {})


def test_a_node_that_needs_itself() -> None:
    with pytest.raises(BuildError, match="a → a"):
        ranks({"a": ["a"]}, {})


def test_long_chains_need_no_stack() -> None:
    count = 50_000
    needs = {str(number): [str(number - 1)] if number else [] for number in range(count)}
    assert ranks(needs, {})["0"] == count
