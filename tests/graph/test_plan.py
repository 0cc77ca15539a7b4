"""Plans: every need is an edge or a cut with a reason, and no plan has a cycle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph.some_graph import SMALL, Needs, graphs

from boatyard.base.error import BuildError, ConfigError
from boatyard.graph.cycle import cycles
from boatyard.graph.plan import BY_HOST, Cut, PlanKind, component_of, first_stage, is_first_stage, make_plan

OF_TWO = "inside of a cycle of 2 components"
STAGE_1 = "stage 1 is built from the seed alone"


def test_one_pass() -> None:
    plan = make_plan(PlanKind.A, SMALL)
    assert plan.needs == {
        "bash": ("gcc", "python"),
        "gcc": ("make",),
        "glibc": (),
        "make": (),
        "pip": (),
        "python": ("gcc",),
    }
    assert plan.cut == (
        Cut("gcc", "glibc", OF_TWO),
        Cut("glibc", "gcc", OF_TWO),
        Cut("pip", "python", OF_TWO),
        Cut("python", "pip", OF_TWO),
    )
    assert plan.from_seed()["python"] == ("pip",)


def test_members_of_cycles_twice() -> None:
    plan = make_plan(PlanKind.C, SMALL)
    assert plan.needs == {
        "bash": ("gcc", "python"),
        "gcc": ("glibc@stage1", "make"),
        "gcc@stage1": ("make",),
        "glibc": ("gcc@stage1",),
        "glibc@stage1": (),
        "make": (),
        "pip": ("python@stage1",),
        "pip@stage1": (),
        "python": ("gcc", "pip@stage1"),
        "python@stage1": ("gcc",),
    }
    assert [(cut.node, cut.need) for cut in plan.cut] == [
        ("gcc@stage1", "glibc"),
        ("glibc@stage1", "gcc"),
        ("pip@stage1", "python"),
        ("python@stage1", "pip"),
    ]


def test_everything_twice() -> None:
    plan = make_plan(PlanKind.D, {"a": {"b"}, "b": {"a", "deb"}, "c": {"b"}, "deb": set()}, once={"deb"})
    assert plan.needs == {
        "a": ("b@stage1",),
        "a@stage1": (),
        "b": ("a@stage1", "deb"),
        "b@stage1": ("deb",),
        "c": ("b@stage1",),
        "c@stage1": (),
        "deb": (),
    }
    assert plan.cut == (
        Cut("a@stage1", "b", STAGE_1),
        Cut("b@stage1", "a", STAGE_1),
        Cut("c@stage1", "b", STAGE_1),
    )


def test_a_need_that_the_seed_lacks_stays_where_it_can() -> None:
    plan = make_plan(PlanKind.A, SMALL, in_seed=lambda name: name in ("gcc", "pip"))
    assert plan.needs["gcc"] == ("glibc", "make")
    assert plan.needs["glibc"] == ()
    assert plan.needs["pip"] == ("python",)
    plan = make_plan(PlanKind.C, SMALL, in_seed=lambda name: name in ("gcc", "pip"))
    assert plan.needs["gcc@stage1"] == ("glibc@stage1", "make")
    plan = make_plan(PlanKind.D, SMALL, in_seed=lambda name: name in ("gcc", "pip"))
    assert plan.needs["bash@stage1"] == ("python@stage1",)


@pytest.mark.parametrize("kind", PlanKind)
def test_a_cycle_that_no_seed_breaks_is_named(kind: PlanKind) -> None:
    with pytest.raises(BuildError, match=r"need each other: pip → python → pip, and the seed has none of them"):
        make_plan(kind, SMALL, in_seed=lambda name: name in ("gcc", "glibc"))
    with pytest.raises(BuildError, match=r"rust needs itself, and the seed"):
        make_plan(kind, {"rust": {"rust"}}, in_seed=lambda _: False)


def test_a_component_that_needs_itself() -> None:
    needs = {"rust": {"rust"}}
    assert make_plan(PlanKind.A, needs).cut == (Cut("rust", "rust", "needs itself"),)
    assert make_plan(PlanKind.C, needs).needs == {"rust": ("rust@stage1",), "rust@stage1": ()}


@pytest.mark.parametrize("kind", PlanKind)
def test_what_the_host_builds_first(kind: PlanKind) -> None:
    needs = {"a": {"b"}, "b": {"a", "b"}, "c": {"a", "b"}, "d": {"c", "d"}}
    plan = make_plan(kind, needs, in_seed=lambda name: name == "d", by_host={"a", "b"})
    assert Cut("a", "b", BY_HOST) in plan.cut
    assert Cut("b", "b", BY_HOST) in plan.cut
    assert plan.needs["a"] == ()
    final = {PlanKind.A: ("a", "b"), PlanKind.C: ("a", "b"), PlanKind.D: ("a@stage1", "b@stage1")}[kind]
    assert plan.needs["c"] == final
    assert ("a@stage1" in plan.needs) is (kind is PlanKind.D)


def test_names_that_plans_use() -> None:
    with pytest.raises(ConfigError, match="bash@stage1"):
        make_plan(PlanKind.A, {"bash@stage1": set[str]()})
    assert (component_of("bash@stage1"), component_of("bash")) == ("bash", "bash")
    assert (is_first_stage(first_stage("bash")), is_first_stage("bash")) == (True, False)


@given(graphs(), st.sampled_from(PlanKind), st.sets(st.sampled_from([f"n{number:02}" for number in range(12)])))
def test_every_need_is_an_edge_or_cut(needs: Needs, kind: PlanKind, seed: set[str]) -> None:
    try:
        plan = make_plan(kind, needs, in_seed=seed.__contains__)
    except BuildError:
        # Nothing but a cycle that the seed does not break at all is in the way.
        assert any(not seed & set(members) for members in cycles({n: w - seed for n, w in needs.items()}))
        return
    assert cycles(plan.needs) == []
    assert {node for node in plan.needs if not is_first_stage(node)} == set(needs)
    cut = {(one.node, one.need) for one in plan.cut}
    assert len(cut) == len(plan.cut)
    for node, before in plan.needs.items():
        wanted = needs[component_of(node)] & needs.keys()
        met = {need for of, need in cut if of == node}
        assert {component_of(one) for one in before} | met == wanted
        assert len(before) + len(met) == len(wanted)
        assert met <= seed
        assert not met or kind is PlanKind.A or is_first_stage(node)


@given(graphs(), st.sampled_from(PlanKind))
def test_a_full_seed_always_gives_a_plan(needs: Needs, kind: PlanKind) -> None:
    plan = make_plan(kind, needs)
    assert plan == make_plan(kind, dict(reversed(needs.items())))
    in_cycles = {node for members in cycles(needs) for node in members}
    twice = {component_of(node) for node in plan.needs if is_first_stage(node)}
    assert twice == {PlanKind.A: set(), PlanKind.C: in_cycles, PlanKind.D: set(needs)}[kind]
