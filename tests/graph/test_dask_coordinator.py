"""Coordinators of a Dask cluster that are interrupted or killed, and two on one store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import ROOT, Cluster, run_on
from tests.graph.process import children_named, meanwhile, wait_for
from tests.graph.toy import NONE, ToyWork, contents, started

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool


def test_7_an_interrupt_leaves_no_process(shared: Cluster, tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}7"
    work = ToyWork(tmp_path / "store", {"a": NONE, "b": NONE}, {key: {"sleep": seconds} for key in "ab"})

    def interrupt() -> None:
        wait_for(lambda: len(children_named(seconds)) >= 4)  # a shell and its sleep for each
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(KeyboardInterrupt):
        run_on(shared, work, tmp_path)
    wait_for(lambda: children_named(seconds) == [])
    # The workers are as good as before.
    assert len(run_on(shared, ToyWork(tmp_path / "other", {"a": NONE}), tmp_path).results) == 1


def coordinator(made: Cluster, folder: Path, store: Path, count: int, seconds: str) -> subprocess.Popen[str]:
    program = """
        import sys
        from pathlib import Path
        from boatyard.graph.coordinator import run_graph
        from boatyard.graph.engine.dask import DaskExecutor, Tls
        from boatyard.graph.journal import Journal
        from boatyard.ports.progress import silent
        from tests.graph.toy import ToyWork

        address, folder, store, count, seconds = sys.argv[1:]
        needs = {f"n{number:02}": frozenset() for number in range(int(count))}
        needs["end"] = frozenset(needs)
        work = ToyWork(Path(store), needs, {name: {"sleep": seconds} for name in needs})
        with Journal(Path(folder) / "journal.jsonl") as journal, DaskExecutor(address) as executor:
            outcome = run_graph(needs, work, executor, journal, seconds={}, reporter=silent())
        print(len(outcome.results))
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), made.address, str(folder), str(store), str(count), seconds],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_7_a_killed_coordinator_leaves_no_process(shared: Cluster, tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}8"
    with coordinator(shared, tmp_path, tmp_path / "store", 2, seconds) as process:
        wait_for(lambda: len(children_named(seconds)) >= 4)
        process.kill()
    wait_for(lambda: children_named(seconds) == [])


def test_8_a_killed_coordinator_goes_on_where_it_stopped(shared: Cluster, tmp_path: Path) -> None:
    store, kills, out, err = tmp_path / "store", 0, "", ""
    for kills in range(10):
        with coordinator(shared, tmp_path, store, 24, "0.1") as process:
            if kills < 4:
                before = len(started(store))
                wait_for(lambda: len(started(store)) >= before + 5 or process.poll() is not None)  # noqa: B023
                process.kill()
            out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            break
    assert out.strip() == "25", err
    assert set(started(store)) == {*(f"n{number:02}" for number in range(24)), "end"}
    assert len(started(store)) <= 25 + kills * 4  # what was running in four slots


def test_9_two_coordinators_on_one_store(shared: Cluster, tmp_path: Path) -> None:
    store = tmp_path / "store"
    processes = [coordinator(shared, tmp_path / name, store, 30, "0") for name in ("one", "two")]
    outs = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in outs] == ["31\n", "31\n"], outs
    found = contents(store)
    records = [data for name, data in found.items() if name.startswith("ac/")]
    assert len(records) == 31
    assert all(f"cas/{record.decode()}" in found for record in records)
