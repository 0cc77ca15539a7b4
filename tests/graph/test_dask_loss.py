"""Workers of a Dask cluster that are killed, stopped, or hang: what is lost with them, and what is not."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import cluster, run_on
from tests.graph.process import children_named, meanwhile, wait_for
from tests.graph.toy import NONE, ToyWork, contents, layers, started, starts

from boatyard.base.error import ToolError
from boatyard.graph.engine.dask import DaskExecutor
from boatyard.graph.journal import read_lines
from boatyard.ports.progress import Reporter

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.base.event import Event

pytestmark = pytest.mark.tool


def test_2_a_task_of_a_killed_worker_is_done_by_another(tmp_path: Path) -> None:
    with cluster(2, jobs=1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": 1}})

        def kill_first() -> None:
            wait_for(lambda: bool(starts(work.store)))
            os.kill(int(starts(work.store)[0][1]), signal.SIGKILL)

        with meanwhile(kill_first):
            outcome = run_on(made, work, tmp_path)
        assert list(outcome.results) == ["a"]
        (_, first, _), (_, second, _) = starts(work.store)
        assert first != second
        assert len(list((work.store / "ac").iterdir())) == 1
        events = [(line.event, line.attempt) for line in read_lines(tmp_path / "journal.jsonl") if line.node]
        assert events == [("started", 1), ("retried", 1), ("started", 2), ("answered", 2), ("done", 0)]


def test_3_what_is_finished_is_not_repeated_after_a_loss(tmp_path: Path) -> None:
    """A hundred nodes, two of three workers killed on the way: only what was running is started again."""
    with cluster(3, jobs=2) as made:
        needs = layers(10, 10)
        work = ToyWork(tmp_path / "store", needs, {name: {"sleep": 0.05} for name in needs})
        victims = list(made.workers)[:2]
        lost: list[int] = []

        def kill_two() -> None:
            for place, address in enumerate(victims):
                wait_for(lambda: len(started(work.store)) >= 25 * (place + 1))  # noqa: B023
                made.kill(address)
                lost.append(made.pid(address))

        with meanwhile(kill_two):
            outcome = run_on(made, work, tmp_path)
        assert set(outcome.results) == set(needs)
        repeated = {name: count for name, count in Counter(started(work.store)).items() if count > 1}
        assert sum(repeated.values()) - len(repeated) <= 2 * 2  # two slots of two workers
        for name in repeated:
            assert next(int(process) for other, process, _ in starts(work.store) if other == name) in lost


def test_4_what_kills_workers_fails_alone(tmp_path: Path) -> None:
    with cluster(4, jobs=2) as made:
        needs = layers(6, 4) | {"user": frozenset({"poison"}), "poison": NONE}
        behaviour = {name: {"sleep": 0.1} for name in needs} | {"poison": {"kill": True}, "l1n1": {"fail": "no"}}
        work = ToyWork(tmp_path / "store", needs, behaviour)
        outcome = run_on(made, work, tmp_path)
        assert sorted(outcome.failed) == ["l1n1", "poison"]
        assert "lost with its worker 3 times" in str(outcome.failed["poison"])
        assert outcome.skipped == {"user": "poison"} | dict.fromkeys(["l2n0", "l2n1", "l3n0", "l3n1", "l3n5"], "l1n1")
        assert len(outcome.results) == len(needs) - 2 - 6
        assert started(work.store).count("poison") == 3
        assert sum(process.poll() is None for process in made.workers.values()) == 1


def test_a_silent_worker_is_given_up_and_what_it_does_later_harms_nothing(tmp_path: Path) -> None:
    """Stopped, as by a host that hangs: its task is done elsewhere, and then it goes on."""
    with cluster(2, jobs=1, scheduler=("--worker-silence", "1")) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": 1}})
        by_process = {process.pid: address for address, process in made.workers.items()}

        def freeze() -> None:
            wait_for(lambda: bool(starts(work.store)))
            made.kill(by_process[int(starts(work.store)[0][1])], signal.SIGSTOP)

        with meanwhile(freeze):
            outcome = run_on(made, work, tmp_path)
        before = contents(work.store)
        assert started(work.store) == ["a", "a"]
        frozen = made.workers[by_process[int(starts(work.store)[0][1])]]
        frozen.send_signal(signal.SIGCONT)
        frozen.wait(60)  # Dask tells it that it is not wanted
        assert contents(work.store) == before
        assert list(outcome.results) == ["a"]


def test_a_worker_ends_with_its_scheduler_and_takes_its_programs_with_it(tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}9"
    with cluster(1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": seconds}})

        def kill_scheduler() -> None:
            wait_for(lambda: len(children_named(seconds)) >= 2)
            assert made.scheduler is not None
            made.scheduler.kill()

        with meanwhile(kill_scheduler), pytest.raises(ToolError, match=r"the scheduler at tcp://127.0.0.1:[0-9]+ "):
            run_on(made, work, tmp_path)
        (worker,) = made.workers.values()
        worker.wait(60)
        wait_for(lambda: children_named(seconds) == [])


def test_a_worker_ends_though_its_task_does_not(tmp_path: Path) -> None:
    with cluster(1) as made:
        (address,) = made.workers
        with DaskExecutor(made.address) as executor:
            work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"deaf": 300}})
            executor.workers()
            executor.submit(work.next("a", None, {}), work.function, 1, NONE)  # type: ignore[arg-type]
            assert executor.poll(0) == []
            wait_for(lambda: bool(starts(work.store)))
            made.kill(address, signal.SIGTERM)
            assert made.workers[address].wait(60) in (0, -signal.SIGKILL)


def test_a_stopped_worker_ends_its_programs_and_leaves_no_folder(tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}5"
    with cluster(1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": seconds}})
        (address,) = made.workers
        warnings: list[str] = []

        def hear(event: Event) -> None:
            if event.kind == "warning":
                warnings.append(event.text)

        def stop() -> None:
            wait_for(lambda: len(children_named(seconds)) >= 2)
            made.kill(address, signal.SIGTERM)

        with meanwhile(stop):
            outcome = run_on(made, work, tmp_path, worker_wait_s=1, reporter=Reporter(hear))
        assert "no worker" in str(outcome.failed["a"])
        assert started(work.store) == ["a"]
        # The first if the worker left before its last word came.
        assert warnings[0] in (f"a was lost: the worker at {address} {what}" for what in ("died", "was stopped"))
        made.workers[address].wait(60)
        assert children_named(seconds) == []
        assert not list((made.folder / "worker0/tasks").glob(".tmp-*"))
