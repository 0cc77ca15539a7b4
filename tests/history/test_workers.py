"""The same on workers: builds here and on a cluster take turns, with one shared store, and nothing is stale."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.graph.cluster import ROOT, cluster
from tests.history.test_nothing_stale import History, patched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

__all__ = ["patched"]
pytest.importorskip("distributed")
pytestmark = pytest.mark.tool


def go(folder: Path, web: Web, seed: int, count: int, *, loses: bool = False) -> None:
    history = History(folder / "history", web, seed)
    store = f"file://{history.folder}/shared"
    env = os.environ | {"PYTHONPATH": str(ROOT), "BOATYARD_CACHE": str(folder / "worker")}
    with cluster(0) as made, (folder / "worker.err").open("w") as errors:
        words = ["--scheduler", made.address, "--jobs", "2", "--work", str(folder / "tasks"), "--depot", store]
        argv = [sys.executable, "-m", "tests.history.worker", *words]
        worker = subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=errors)
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline(), (folder / "worker.err").read_text()
            history.elsewhere = ("--engine", "dask", "--scheduler", made.address)
            for _ in range(count):
                history.step()
            if loses:
                lose_objects(history, store)
        finally:
            worker.terminate()
            worker.communicate()
    assert any("--scheduler" in step and step.endswith(": 0") for step in history.steps), history.tell("all fail")


def lose_objects(history: History, store: str) -> None:
    """What the shared store has lost, and the coordinator still has, is put there again for the workers."""
    machine, component = history.machines[0], history.distro.state.ones["c0"]
    for one in history.distro.state.ones.values():
        one.needs, one.generates = [], False
        one.words.pop("fail", None)
    history.distro.write()
    assert machine.build(*history.elsewhere, store=store) == 0, history.tell("it fails")
    for depot in (history.folder / "shared", history.folder.parent / "worker/build"):  # the worker is as good as new
        for path in depot.glob("cas/*/*"):
            path.unlink()
    component.words["data"] = ["never seen"]
    component.there = True
    history.distro.write()
    assert machine.build(*history.elsewhere, store=store) == 0, history.tell("the store has lost objects")


def test_builds_here_and_there_leave_nothing_stale(patched: Path, web: Web) -> None:
    go(patched, web, 7, 3, loses=True)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(200, 210))
def test_many_builds_here_and_there_leave_nothing_stale(seed: int, patched: Path, web: Web) -> None:
    go(patched, web, seed, 30)
