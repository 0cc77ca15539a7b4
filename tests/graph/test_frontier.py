import random

import pytest

from boatyard.base.error import BuildError
from boatyard.graph.frontier import Frontier
from boatyard.graph.rank import ranks

# app needs lib and tool; lib needs base; tool and doc need nothing
NEEDS = {"app": {"lib", "tool"}, "lib": {"base"}, "base": set[str](), "tool": set[str](), "doc": set[str]()}


def order(frontier: Frontier) -> list[str]:
    found = []
    while frontier.best() is not None:
        node = frontier.take()
        found.append(node)
        frontier.done(node)
    return found


def test_nodes_come_by_the_way_that_is_ahead_of_them() -> None:
    assert order(Frontier(NEEDS, {})) == ["base", "lib", "tool", "app", "doc"]


def test_a_long_build_goes_first() -> None:
    seconds = {"app": 10.0, "lib": 10.0, "base": 10.0, "tool": 500.0, "doc": 400.0}
    assert order(Frontier(NEEDS, seconds)) == ["tool", "doc", "base", "lib", "app"]


def test_a_need_outside_of_the_graph_is_taken_as_done() -> None:
    assert order(Frontier({"a": {"seed"}}, {})) == ["a"]


def test_a_failure_drops_what_needs_it_and_nothing_else() -> None:
    frontier = Frontier(NEEDS, {})
    assert frontier.take() == "base"
    assert frontier.drop("base") == ["app", "lib"]
    assert order(frontier) == ["tool", "doc"]


def test_a_discovered_edge_makes_the_node_wait_and_lifts_what_it_needs() -> None:
    frontier = Frontier({"long": set(), "doc": set(), "other": set()}, {"long": 100.0, "doc": 1.0, "other": 50.0})
    assert frontier.take() == "long"
    assert frontier.wait("long", ["doc"]) == ["doc"]
    assert frontier.rank["doc"] == 101.0
    assert order(frontier) == ["doc", "long", "other"]


def test_a_node_nobody_knew_joins_the_graph() -> None:
    frontier = Frontier({"a": set()}, {})
    frontier.take()
    frontier.wait("a", ["new"])
    assert len(frontier) == 2
    assert order(frontier) == ["new", "a"]


def test_discovered_edges_make_no_cycle() -> None:
    frontier = Frontier(NEEDS, {})
    assert frontier.take() == "base"
    with pytest.raises(BuildError, match="base → app → lib → base"):
        frontier.wait("base", ["app"])
    with pytest.raises(BuildError, match="base → base"):
        frontier.wait("base", ["base"])
    frontier.again("base")
    assert order(frontier) == ["base", "lib", "tool", "app", "doc"]


@pytest.mark.parametrize("seed", range(20))
def test_ranks_after_discoveries_are_those_of_the_whole_graph(seed: int) -> None:
    """Of the nodes that are not done: nobody asks for the others."""
    dice = random.Random(seed)
    names = [f"n{number:02}" for number in range(40)]
    needs = {name: set(dice.sample(names[:place], min(place, dice.randrange(3)))) for place, name in enumerate(names)}
    seconds = {name: dice.randrange(1, 50) * 1.0 for name in names}
    frontier, done = Frontier(needs, seconds), set[str]()
    while frontier.best() is not None:
        node = frontier.take()
        earlier = [name for name in names[: names.index(node)] if name not in done]
        if earlier and dice.random() < 0.5:
            found = set(dice.sample(earlier, 1))
            frontier.wait(node, found)
            needs[node] |= found
        else:
            done.add(node)
            frontier.done(node)
        whole = ranks(needs, seconds)
        assert all(frontier.rank[name] == whole[name] for name in names if name not in done)
    assert done == set(names)
