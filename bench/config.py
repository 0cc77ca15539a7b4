"""Lists the components of a large project, in one process start: `python -m bench.config`.

The project is a real configuration (BOATYARD_CORPUS) or, without one, one of the same size that is made here. The
figure that counts is the multiple of `python -c pass`, which does not depend on the machine as seconds do.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from boatyard.config.load import load_root
from boatyard.ports.run import Command, HostRunner

ROOT = Path(__file__).parents[1]
RUNS = 15


def main() -> None:
    """Prints milliseconds, and their multiple."""
    run = HostRunner()
    try:
        with tempfile.TemporaryDirectory() as folder:
            project = corpus() or make_project(Path(folder))
            started = time.perf_counter()
            count = len(load_root(project / "azldev.toml").components)
            loading = time.perf_counter() - started
            # Byte code is kept, as it is where Boatyard is installed.
            env = {"PYTHONPYCACHEPREFIX": f"{folder}/cache"}
            listing = (sys.executable, "-m", "boatyard.cli.main", "component", "list", "-a", "-C", str(project))
            nothing = measure(run, (sys.executable, "-c", "pass"), env)
            whole = measure(run, listing, env)
    finally:
        run.close()
    print(f"python -c pass                         {nothing}")
    print(f"component list -a, {count} components  {whole}")
    print(f"that many times python -c pass         {whole.best / nothing.best:.1f} (by the best runs)")
    print(f"loading alone, in a warm process       {loading * 1000:6.0f} ms")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of several runs: on a busy machine the best, and the processor's time, tell most."""

    best: float
    median: float
    processor: float

    def __str__(self) -> str:
        best, median, processor = (f"{seconds * 1000:6.0f} ms" for seconds in (self.best, self.median, self.processor))
        return f"{best} at best, {median} median, {processor} of processor"


def measure(run: HostRunner, argv: tuple[str, ...], env: dict[str, str]) -> Times:
    """The times of a command, after one run (which leaves the byte code) that is not counted."""
    run(Command(argv=argv, env=env))
    before, times = processor_seconds(), []
    for _ in range(RUNS):
        started = time.perf_counter()
        run(Command(argv=argv, env=env))
        times.append(time.perf_counter() - started)
    return Times(min(times), statistics.median(times), (processor_seconds() - before) / RUNS)


def processor_seconds() -> float:
    """What all ended child processes used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def corpus() -> Path | None:
    """A checked-out real configuration, when there is one."""
    path = Path(os.environ.get("BOATYARD_CORPUS", ROOT.parent / "shared/corpus/azl4-config"))
    return path if path.is_dir() else None


def make_project(folder: Path) -> Path:
    """A project of the size of Azure Linux 4: 7,582 components, 200 of them in files of their own, 33,060 packages."""
    lines = ['includes = ["comps/**/*.comp.toml"]', "[project]", "default-distro.name = 'd'"]
    lines += ["[distros.d]", "default-version = '1'", "[distros.d.versions.1.default-component-config]"]
    lines += ["spec = { type = 'upstream', upstream-distro = { name = 'd', snapshot = '2026-02-24T00:00:00Z' } }"]
    lines += [f"[components.component-{number}]" for number in range(7382)]
    lines += ["[package-groups.base]", "packages = [", *(f'  "package-{n}", # srpm: x' for n in range(33_060)), "]"]
    (folder / "azldev.toml").write_text("\n".join(lines))
    for number in range(200):
        name = f"own-{number}"
        (folder / "comps" / name).mkdir(parents=True)
        table = f"[components.{name}]\nbuild.without = ['x']\n"
        table += f"[[components.{name}.overlays]]\ntype = 'spec-search-replace'\nregex = 'a.+b'\nreplacement = 'c'\n"
        (folder / "comps" / name / f"{name}.comp.toml").write_text(table)
    return folder


if __name__ == "__main__":
    main()
