"""Puts, fetches and finds what a distribution of Skiff's size gives: `python -m bench depot`, in a minute.

178 results with 1.5 packages each of 420 kB on the average, and a log each, on the disk of the temporary folder. With
`tools/setup --tests` done also through a store in Azurite on this machine, which tells what requests cost, not what a
network does.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_bytes
from boatyard.base.nevra import Evr
from boatyard.build.depot import Depot
from boatyard.build.depot_sweep import plan_sweep, verify
from boatyard.build.store import BuildStore
from boatyard.graph.local import run_all

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = 178
PACKAGES = 267
MEAN = 420_000  # bytes


def made(folder: Path) -> dict[str, tuple[tuple[RpmFile, ...], Path]]:
    """Made-up packages and logs, by key; the same in every run."""
    chance = random.Random(1)
    results = {}
    for number in range(RESULTS):
        rpms = []
        for part in range(1 + (number < PACKAGES - RESULTS)):
            content = chance.randbytes(int(chance.expovariate(1 / MEAN)) + 5000)
            path = folder / f"{number}-{part}.rpm"
            path.write_bytes(content)
            evr = Evr("", "1", str(part))
            name, sha256 = f"package{number}-{part}", sha256_bytes(content)
            rpms.append(RpmFile(path=path, name=name, evr=evr, arch="noarch", size=len(content), sha256=sha256))
        log = folder / f"{number}.log"
        log.write_bytes(chance.randbytes(20_000))
        results[sha256_bytes(b"key %d" % number)] = (tuple(rpms), log)
    return results


def timed(what: str, size: int, call: Callable[[], object]) -> None:
    """Prints the seconds of a call."""
    started = time.perf_counter()
    call()
    seconds = time.perf_counter() - started
    print(f"{what:46} {seconds:7.2f} s  {seconds / RESULTS * 1000:7.1f} ms a result  {size / 1e6 / seconds:7.1f} MB/s")


def measure(title: str, folder: Path, shared: str) -> None:
    """Measures a depot that is empty, then full, then that of another machine."""
    results = made(folder)
    size = sum(rpm.size for rpms, _ in results.values() for rpm in rpms)

    def put(key: str) -> None:
        rpms, log = results[key]
        BuildStore(depot).add("c", key, rpms, log, 0.0)

    with Depot.open(folder / "one", shared) as depot:
        timed(f"{title}: put", size, lambda: run_all(put, results))
    with Depot.open(folder / "one", shared) as depot:
        timed(f"{title}: find, hashing all", size, lambda: run_all(BuildStore(depot).find, results))
        timed(f"{title}: find again", size, lambda: run_all(BuildStore(depot).find, results))
        timed(f"{title}: verify", size, lambda: verify(depot.local))
        timed(f"{title}: plan a sweep", size, lambda: plan_sweep(depot.local, days=30))
    if shared:
        with Depot.open(folder / "two", shared) as depot:
            timed(f"{title}: find and fetch elsewhere", size, lambda: run_all(BuildStore(depot).find, results))


def main() -> None:
    """Prints a line for each measurement."""
    from tests.build.azurite import CONTAINER, MAIN, running_azurite

    with tempfile.TemporaryDirectory() as folder:
        measure("local", Path(folder), "")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shared").mkdir()
        measure("folder", Path(folder), f"file://{folder}/shared")
    if MAIN.exists():
        with tempfile.TemporaryDirectory() as folder, running_azurite(Path(folder)) as server:
            server.make_container()
            os.environ.update(server.environment())
            measure("Azurite", Path(folder), f"az://{CONTAINER}")
