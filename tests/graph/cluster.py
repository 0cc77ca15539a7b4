"""A cluster on this machine, of real processes: started by the command, and killed by the test when it likes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.graph.toy import FUNCTION, NOTHING, ToyWork

from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.dask import DaskExecutor
from boatyard.graph.journal import Journal
from boatyard.ports.progress import Reporter, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boatyard.graph.work import Outcome

ROOT = Path(__file__).parents[2]
ARCH = "x86_64"


@dataclass
class Cluster:
    """`address` of the scheduler; `workers`: processes by the address each of them has."""

    folder: Path
    options: tuple[str, ...] = ()  # of all processes
    address: str = ""
    scheduler: subprocess.Popen[str] | None = None
    workers: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def add(self, *options: str, arch: str = ARCH, jobs: int = 2) -> str:
        """Starts a worker; its address."""
        return self.add_many(1, *options, arch=arch, jobs=jobs)[0]

    def add_many(self, count: int, *options: str, arch: str = ARCH, jobs: int = 2) -> list[str]:
        """Starts workers, at the same time; their addresses."""
        names = [f"worker{len(self.workers) + place}" for place in range(count)]
        processes = [self._start_worker(name, *options, arch=arch, jobs=jobs) for name in names]
        addresses = [self._first_line(process, name) for process, name in zip(processes, names, strict=True)]
        self.workers |= zip(addresses, processes, strict=True)
        return addresses

    def _start_worker(self, name: str, *options: str, arch: str, jobs: int) -> subprocess.Popen[str]:
        words = ["--scheduler", self.address, "--arch", arch, "--jobs", str(jobs), "--work", str(self.folder / name)]
        allowed = ["--allow", FUNCTION, "--allow", NOTHING]
        return self._start(name, "worker", *words, *allowed, *options, *self.options)

    def start_scheduler(self, *options: str) -> None:
        if self.scheduler is not None and self.scheduler.stdout is not None:
            self.scheduler.stdout.close()  # that of an earlier one
        self.scheduler = self._start("scheduler", "scheduler", *options, *self.options)
        self.address = self._first_line(self.scheduler, "scheduler")

    def pid(self, address: str) -> int:
        return self.workers[address].pid

    def kill(self, address: str, number: signal.Signals = signal.SIGKILL) -> None:
        self.workers[address].send_signal(number)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what is still there after a time."""
        processes = [*self.workers.values(), *([self.scheduler] if self.scheduler else [])]
        for process in processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def errors(self) -> str:
        """What the processes said on standard error."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.err")))

    def _start(self, name: str, *words: str) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.err").open("w") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "boatyard", *words],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def _first_line(self, process: subprocess.Popen[str], name: str) -> str:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line, (self.folder / f"{name}.err").read_text()
        return line


@contextlib.contextmanager
def cluster(
    workers: int,
    *,
    jobs: int = 2,
    arch: str = ARCH,
    scheduler: tuple[str, ...] = (),
    worker: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
) -> Iterator[Cluster]:
    """A scheduler and so many workers. `scheduler`, `worker`: their options; `options`: those of all processes."""
    with tempfile.TemporaryDirectory(prefix="boatyard-cluster-") as folder:
        made = Cluster(Path(folder), options)
        try:
            made.start_scheduler(*scheduler)
            made.add_many(workers, *worker, jobs=jobs, arch=arch)
            yield made
        finally:
            made.stop()


def run_on(
    made: Cluster,
    work: ToyWork,
    folder: Path,
    *,
    seconds: Mapping[str, float] | None = None,
    worker_wait_s: float = 60,
    reporter: Reporter | None = None,
) -> Outcome:
    """Does work on a cluster, with a journal in a folder."""
    with Journal(folder / "journal.jsonl") as journal, DaskExecutor(made.address) as executor:
        return run_graph(
            work.needs,
            work,
            executor,
            journal,
            seconds=seconds or {},
            reporter=reporter or silent(),
            worker_wait_s=worker_wait_s,
        )
