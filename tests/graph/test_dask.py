"""What the processes of a Dask cluster make: the same as this machine, where and in which order it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import Cluster, cluster, run_on
from tests.graph.process import meanwhile
from tests.graph.toy import NONE, ToyWork, contents, layers, started, starts

from boatyard.base.error import BuildError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal
from boatyard.ports.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool


def test_1_workers_make_what_this_machine_makes(shared: Cluster, tmp_path: Path) -> None:
    needs = layers(6, 5)
    far = ToyWork(tmp_path / "far", needs)
    outcome = run_on(shared, far, tmp_path)
    here = ToyWork(tmp_path / "here", needs)
    with LocalExecutor(tmp_path / "tasks") as executor:
        local = run_graph(needs, here, executor, Journal(None), seconds={}, reporter=silent())
    assert outcome.results == local.results
    assert contents(far.store) == contents(here.store)
    assert len({process for _, process, _ in starts(far.store)}) == 2
    again = run_on(shared, far, tmp_path)
    assert again.reused == set(needs)


def test_errors_come_back_whole(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE, "b": NONE}, {"a": {"fail": "no"}, "b": {"raise": "a bug"}})
    outcome = run_on(shared, work, tmp_path)
    assert isinstance(outcome.failed["a"], BuildError)
    assert str(outcome.failed["a"]) == "error: no\n  | line 1\n  | line 2\n  hint: mend it"
    assert "ZeroDivisionError: a bug" in str(outcome.failed["b"])
    assert sorted(started(work.store)) == ["a", "b"]


def test_5_tasks_run_on_their_architecture_only(tmp_path: Path) -> None:
    with cluster(1, jobs=2) as made:
        made.add(arch="aarch64", jobs=2)
        needs = {f"n{number}": NONE for number in range(12)}
        arch = {name: ("aarch64", "x86_64", "ppc64le")[number % 3] for number, name in enumerate(needs)}
        work = ToyWork(tmp_path / "store", needs, arch=arch)
        outcome = run_on(made, work, tmp_path, worker_wait_s=1)
        assert {name: place for name, _, place in starts(work.store)} == {
            name: place for name, place in arch.items() if place != "ppc64le"
        }
        for name, place in arch.items():
            if place == "ppc64le":
                assert "no worker for ppc64le came within 1 s; there are workers for aarch64, x86_64" in str(
                    outcome.failed[name]
                )
        assert len(outcome.results) == 8


def test_5_a_worker_that_comes_later_is_used(tmp_path: Path) -> None:
    with cluster(0) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE})
        with meanwhile(made.add):
            outcome = run_on(made, work, tmp_path)
        assert list(outcome.results) == ["a"]


def test_6_with_one_slot_the_order_is_that_of_the_ranks(tmp_path: Path) -> None:
    with cluster(1, jobs=1) as made:
        needs = {f"p{number:02}": NONE for number in range(12)}
        work = ToyWork(tmp_path / "store", needs)
        run_on(made, work, tmp_path, seconds={name: float(name[1:]) for name in needs})
        assert started(work.store) == sorted(needs, reverse=True)


def test_memory_that_was_not_enough_is_doubled(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"memory": 150}}, memory={"a": 100})
    assert list(run_on(shared, work, tmp_path).results) == ["a"]
    assert started(work.store) == ["a", "a"]
