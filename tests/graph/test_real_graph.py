"""The build graph of a real distribution of 7,583 components: cycles, plans, schedules, changes; with known figures."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path

import pytest

from boatyard.graph.affected import affected
from boatyard.graph.cycle import cycles, feedback_edges
from boatyard.graph.plan import PlanKind, component_of, is_first_stage, make_plan
from boatyard.graph.simulate import simulate

pytestmark = pytest.mark.corpus
ROOT = Path(__file__).parents[2]
Needs = dict[str, set[str]]


@pytest.fixture(scope="module")
def needs() -> Needs:
    """Component → what it is built with."""
    default = ROOT.parent / "shared/reference/azl4-build-graph.json.gz"
    path = Path(os.environ.get("BOATYARD_BUILD_GRAPH", default))
    if not path.is_file():
        pytest.skip("no real graph: set BOATYARD_BUILD_GRAPH to one (bench/graph.py tells its format)")
    with gzip.open(path) as stream:
        data = json.load(stream)
    found: Needs = {name: set() for name in data["nodes"]}
    for before, after in data["edges"]:
        found[data["nodes"][after]].add(data["nodes"][before])
    return found


def test_cycles(needs: Needs) -> None:
    assert [len(members) for members in cycles(needs)] == [2320, 40, 21, 4, *[2] * 9]
    cut = set(feedback_edges(needs))
    assert len(cut) <= 971  # what another program with the same algorithm found
    assert cycles({node: {need for need in wanted if (node, need) not in cut} for node, wanted in needs.items()}) == []


@pytest.mark.parametrize(("kind", "builds"), [(PlanKind.A, 7583), (PlanKind.C, 7583 + 2403), (PlanKind.D, 2 * 7583)])
def test_plans(needs: Needs, kind: PlanKind, builds: int) -> None:
    plan = make_plan(kind, needs)
    assert len(plan.needs) == builds
    cut = {(one.node, one.need) for one in plan.cut}
    for node, before in plan.needs.items():
        assert {component_of(one) for one in before} | {
            n for n in needs[component_of(node)] if (node, n) in cut
        } == needs[component_of(node)]
        assert not is_first_stage(node) or all(is_first_stage(one) or kind is PlanKind.C for one in before)


@pytest.mark.parametrize("workers", [8, 32, 100])
def test_schedules_are_near_the_bound(needs: Needs, workers: int) -> None:
    """Made-up times: minutes for most, hours for a few."""
    dice = random.Random(1)
    seconds = {node: 45 + 180 * dice.lognormvariate(0, 1.1) for node in sorted(needs)}
    seconds |= {node: 3600.0 * hours for node, hours in (("gcc", 3), ("llvm", 3), ("rust", 2), ("qt6-qtwebengine", 5))}
    schedule = simulate(make_plan(PlanKind.A, needs).needs, seconds, workers)
    assert schedule.makespan_s <= 1.05 * schedule.bound_s


def test_one_change(needs: Needs) -> None:
    for name, reached, direct in (
        ("openssl", 7315, 278),
        ("zlib-ng", 7315, 325),
        ("kernel", 7315, 6),
        ("rust", 7315, 24),
    ):
        found = affected(needs, [name])
        assert (len({*found.distance, name}), len(found.direct)) == (reached + 1, direct)
