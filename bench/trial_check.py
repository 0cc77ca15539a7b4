"""Checks 100 scripts with the static check, in one process start: `python -m bench.trial_check`.

The scripts are the longest of the corpus of its tests, for the image of that corpus; the time is that of the whole
command, start included. The precision of the check is measured by `python -m tests.check.measure`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from boatyard.ports.run import Command, HostRunner

CORPUS = Path(__file__).parents[1] / "tests/check/corpus"
SCRIPTS = 100
RUNS = 7
FAILED = 8  # the corpus is full of faults


def main() -> None:
    """Prints how many scripts and lines, and the seconds."""
    scripts = sorted((CORPUS / "shell").iterdir(), key=lambda path: -path.stat().st_size)[:SCRIPTS]
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in scripts)
    run = HostRunner()
    try:
        with tempfile.TemporaryDirectory() as folder:
            words = ("trial", "check", *map(str, scripts), "--facts", str(CORPUS / "facts.json"), "-o", "json")
            argv = (sys.executable, "-m", "boatyard.cli.main", *words)
            # Byte code is kept, as it is where Boatyard is installed.
            command = Command(argv=argv, env={"PYTHONPYCACHEPREFIX": folder, "HOME": folder}, ok=(0, FAILED))
            run(command)
            times = []
            for _ in range(RUNS):
                started = time.perf_counter()
                run(command)
                times.append(time.perf_counter() - started)
    finally:
        run.close()
    print(f"{len(scripts)} scripts, {lines} lines: {min(times):.2f} s at best, {statistics.median(times):.2f} s median")


if __name__ == "__main__":
    main()
