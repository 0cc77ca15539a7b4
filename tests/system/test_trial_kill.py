"""Trials that are killed at any moment leave no process, socket or port, and the next one clears their files away."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.boot_sector import boot_sector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.demo_result import DemoResult

pytestmark = [pytest.mark.vm, pytest.mark.tool]

GONE_WITHIN_S = 30.0
LONGEST_LIFE_S = 60.0
# Nothing comes of this disk, and nobody waits long for it: a trial that is over soon, whatever the host is doing.
IDLE = 'image = "idle.raw"\n[vm]\ngeneration = "gen1"\n'
SCENARIO = """\
image = "{disk}"
[[deploy]]
script = "deploy.sh"
"""
OURS = {
    ".lock",
    "report.json", "report.html", "junit.xml", "console.log", "requests.jsonl", "console.requests.jsonl", "run.jsonl",
    "cloud-init-output.log", "deploy-1-deploy.sh.log",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the trials of a test run; all that they write is below `folder`, and their commands name it."""

    folder: Path

    def start(self, scenario: str) -> subprocess.Popen[bytes]:
        argv = ["trial", "run", scenario, "--work", "work", "--report", "report"]
        named = {"HOME": "home", "BOATYARD_CACHE": "cache", "TMPDIR": "tmp"}
        env = os.environ | {name: str(self.folder / value) for name, value in named.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "boatyard", *argv],
            cwd=self.folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def processes(self) -> dict[int, str]:
        """Those that work in the folder or name it, with their command lines."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if command and (str(self.folder) in command or (entry / "cwd").readlink().is_relative_to(self.folder)):
                    found[int(entry.name)] = command
            except OSError:  # it has just ended
                continue
        return found

    def temporaries(self) -> list[str]:
        return [str(path) for path in self.folder.rglob(".tmp-*")]


def sockets(pids: Iterator[int]) -> set[str]:
    """The inodes of the sockets that processes hold."""
    found = set()
    for pid in pids:
        try:
            links = [str(handle.readlink()) for handle in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            continue
        found |= {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}
    return found


def sockets_there_are() -> set[str]:
    """The inodes of all TCP and Unix sockets of this machine."""
    tcp = [
        line.split()[9] for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    unix = [line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {*tcp, *unix}


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        disk = Path(there).absolute()
    else:
        demo_result: DemoResult = request.getfixturevalue("demo_result")
        (disk,) = {Path(image.path).absolute() for image in demo_result.images if image.format == "qcow2"}
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "idle.toml").write_text(IDLE)
    (tmp_path / "short.toml").write_text(f'{IDLE}[limits]\nboot = "5 s"\n')
    (tmp_path / "scenario.toml").write_text(SCENARIO.format(disk=disk))
    (tmp_path / "deploy.sh").write_text("#!/bin/sh\nsleep 3\n")
    (tmp_path / "idle.raw").write_bytes(boot_sector(b"idle\r\n", "sleep"))
    return Place(tmp_path)


def kill_at(place: Place, delay_s: float) -> None:
    """Starts a trial, kills it after a while, and sees that nothing of it runs on."""
    process = place.start("scenario.toml")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(delay_s)
    held = sockets(iter(place.processes()))
    process.send_signal(signal.SIGKILL)  # Boatyard alone; all others have to notice it themselves
    process.communicate()
    deadline = time.monotonic() + GONE_WITHIN_S
    # A process that ends has no command line any more some time before its sockets are closed.
    while (place.processes() or held & sockets_there_are()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert place.processes() == {}, f"killed after {delay_s:.1f} s"
    assert held & sockets_there_are() == set(), f"killed after {delay_s:.1f} s"


def kill_many(place: Place, count: int, seed: int, longest_s: float) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        kill_at(place, chance.uniform(0, longest_s))
    # The next trial clears away the files of those that were killed, and its own when it ends.
    process = place.start("short.toml")
    _, said = process.communicate(timeout=300)
    assert process.returncode == 30, said.decode()
    assert place.temporaries() == []
    assert list((place.folder / "tmp").iterdir()) == []
    assert {path.name for path in (place.folder / "report").iterdir()} <= OURS
    kept = {path for path in (place.folder / "work").rglob("*") if path.is_file()}
    assert {path.suffix for path in kept} <= {".lock", ".json"}, "locks, and what is known of QEMU"


def test_an_interrupted_trial_reports_what_it_saw(place: Place) -> None:
    process = place.start("idle.toml")
    while process.poll() is None and not any("-name trial01" in command for command in place.processes().values()):
        time.sleep(0.2)
    process.terminate()  # as Ctrl-C does, also where the terminal is none
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said.decode()
    assert place.processes() == {}
    assert place.temporaries() == []
    report = json.loads((place.folder / "report/report.json").read_text())
    assert (report["passed"], report["failed_phase"], report["reason"]) == (False, "boot", "interrupted")
    assert "interrupted" in (place.folder / "report/report.html").read_text()


def test_killed_trials_leave_nothing(place: Place) -> None:
    kill_many(place, count=3, seed=20260301, longest_s=LONGEST_LIFE_S)


@pytest.mark.sweep
def test_a_hundred_killed_trials_leave_nothing(place: Place) -> None:
    """The machine is provisioned once, so that the points lie in every phase of a trial."""
    process = place.start("scenario.toml")
    _, said = process.communicate(timeout=3600)
    assert process.returncode == 0, said.decode()
    began = time.monotonic()
    process = place.start("scenario.toml")
    process.communicate(timeout=3600)
    kill_many(place, count=100, seed=20260302, longest_s=time.monotonic() - began)
