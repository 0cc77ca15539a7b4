"""The demo from nothing and again with everything cached: `python -m bench demo`. Takes about ten minutes.

Downloads, builds, signatures and images go to a new folder, so the first run is cold but for the host's page cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import DemoResult
from boatyard.report.demo import format_demo


def main() -> None:
    """Prints the stages of both runs in seconds, and what the second cost of the first."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BOATYARD_BENCH_WORK")) as folder:
        cold, warm = (run(Path(folder), name) for name in ("cold", "warm"))
    print(format_demo(cold, Path(folder) / "work"))
    for name, result in (("cold", cold), ("warm", warm)):
        stages = ", ".join(f"{stage.name} {stage.seconds:.0f}" for stage in result.stages)
        print(f"{name}: {result.seconds:.0f} s ({stages}), {result.built} of {result.components} components built")
        for machine in result.machines:
            print(f"  {machine.medium} {machine.firmware}: login after {machine.boot_s:.0f} s ({machine.accelerator})")
    print(f"warm / cold: {warm.seconds / cold.seconds:.2f}")


def run(folder: Path, name: str) -> DemoResult:
    """One run of the demo with its own cache and keys."""
    env = os.environ | {"BOATYARD_CACHE": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    file = folder / f"{name}.json"
    words = ["demo", "--work", str(folder / "work"), "--result", str(file)]
    subprocess.run([sys.executable, "-m", "boatyard", *words], env=env, stdout=subprocess.DEVNULL, check=True)
    return load(DemoResult, file)


if __name__ == "__main__":
    main()
