"""How long a trial takes: `python -m bench trial`. Run it when nothing else runs.

From power-on to Ready and to a system at rest, then from a snapshot to the verdict, each in three runs of the whole
command; on a busy machine the processor's time tells most. The disk is that of `make demo`, or of the folder of outputs
that BOATYARD_BENCH_OUT names. BOATYARD_BENCH_RUNS is the number of runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.config import processor_seconds
from boatyard.artifact.codec import load
from boatyard.artifact.trial_report import TrialReport
from boatyard_boot.arch import Arch

READY_GOAL_S, VERDICT_GOAL_S = 40, 10
CLOUD_CONFIG = "#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\n"


@dataclass(frozen=True, slots=True)
class Run:
    """One trial: seconds of the whole command, those of the processor, and what it says of itself."""

    wall_s: float
    processor_s: float
    report: TrialReport

    @property
    def rest_s(self) -> float:
        """From power-on until nothing was left to do."""
        return sum(row.seconds for row in self.report.phases if row.name in ("boot", "provision"))

    @property
    def check_s(self) -> float:
        return sum(row.seconds for row in self.report.phases if row.name == "check")


def main() -> None:
    """Prints the medians, and the times of each run."""
    arch, count = Arch.of_host(), int(os.environ.get("BOATYARD_BENCH_RUNS", "3"))
    disk = Path(os.environ.get("BOATYARD_BENCH_OUT", "build/demo/out")).absolute() / f"images/skiff-disk-{arch}.qcow2"
    with tempfile.TemporaryDirectory(dir=disk.parent) as folder:
        work = Path(folder)
        (work / "cloud.yaml").write_text(CLOUD_CONFIG)
        first = [trial(disk, work, f"first-{number}", "--fresh") for number in range(count)]
        again = [trial(disk, work, f"again-{number}") for number in range(count)]
    kind = first[0].report.accelerator
    ready, rest = [run.report.ready_s for run in first], [run.rest_s for run in first]
    show(f"power-on to Ready ({kind}, goal: {READY_GOAL_S} s)", ready)
    show("power-on to a system at rest", rest)
    show("first trial, with keeping the machine", [run.wall_s for run in first])
    show("  processor time of it", [run.processor_s for run in first])
    show(f"trial from a snapshot to the verdict (goal: {VERDICT_GOAL_S} s)", [run.wall_s for run in again])
    show("  of that the checks", [run.check_s for run in again])
    show("  processor time of it", [run.processor_s for run in again])
    whole, restored = (statistics.median(run.wall_s for run in runs) for runs in (first, again))
    print(f"a trial from a snapshot takes {restored / whole:.2f} of the time of a first one")


def trial(disk: Path, work: Path, name: str, *options: str) -> Run:
    """Runs one, with a cache of its own."""
    env = os.environ | {"BOATYARD_CACHE": str(work / "cache")}
    words = ["--image", str(disk), "--cloud-init", str(work / "cloud.yaml"), "--work", str(work / "work"), *options]
    argv = [sys.executable, "-m", "boatyard", "trial", "run", "-q", *words, "--report", str(work / name)]
    started, before = time.monotonic(), processor_seconds()
    subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, check=True)
    run = Run(time.monotonic() - started, processor_seconds() - before, load(TrialReport, work / name / "report.json"))
    wanted = "saved" if options else "restored"
    if run.report.snapshot != wanted:
        raise SystemExit(f"{name}: the snapshot is {run.report.snapshot}, not {wanted}")
    return run


def show(what: str, seconds: list[float]) -> None:
    each = ", ".join(f"{one:.1f}" for one in seconds)
    print(f"{what:<60} {statistics.median(seconds):6.1f} s median ({each})")


if __name__ == "__main__":
    main()
