"""Bombs: whatever a build does to use up the machine ends within its limits, and nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BuildError, OutOfMemoryError
from boatyard.ports.control_group import PREFIX, ControlGroup
from boatyard.ports.limits import MIB, Bounds, run_limited, usage
from boatyard.ports.run import Command, HostRunner
from boatyard.ports.sandbox import BUILDER, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.ports.limits import Ended

pytestmark = [pytest.mark.tool, pytest.mark.skipif(os.geteuid() != 0, reason="an own range of users needs root")]

BOUNDS = Bounds(memory=200 * MIB, processes=64, disk=40 * MIB, seconds=20, silent_s=15, files=2000, log=MIB)
PYTHON = Path(sys.base_prefix)


class Box:
    """Runs a shell script or a Python program within bounds, and finds what it left running."""

    def __init__(self, place: Path, run: HostRunner, groups: object = None) -> None:
        self.place, self.run, self.mark = place, run, f"mark-{secrets.token_hex(6)}"
        self.groups = {} if groups is None else {"groups": groups}
        (place / "work").mkdir()

    def __call__(self, script: str, **limits: float) -> Ended:
        return self.argv("sh", "-c", script, self.mark, **limits)

    def python(self, program: str, **limits: float) -> Ended:
        return self.argv(str(PYTHON / "bin/python3"), "-c", program, self.mark, **limits)

    def argv(self, *argv: str, **limits: float) -> Ended:
        sandbox = Sandbox(read_only=((PYTHON, str(PYTHON)),), writable=((self.place / "work", "/w"),), user=BUILDER)
        command = Command(argv=argv, cwd=Path("/w"), log=self.place / "log")
        return run_limited(self.run, sandbox, command, replace(BOUNDS, **limits), **self.groups)

    def left(self) -> list[str]:
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in place.read_bytes():
                    found.append(place.parent.name)
        return found


def no_groups(memory: int, processes: int) -> contextlib.AbstractContextManager[ControlGroup]:
    """A machine without control groups."""
    return contextlib.nullcontext(ControlGroup())


@pytest.fixture(params=["groups", "watched"])
def box(request: pytest.FixtureRequest, tmp_path: Path, run: HostRunner) -> Iterator[Box]:
    made = Box(tmp_path, run, no_groups if request.param == "watched" else None)
    yield made
    assert made.left() == []
    assert [*Path("/sys/fs/cgroup").glob(f"**/{PREFIX}{os.getpid()}-*")] == []


def test_what_keeps_within_its_limits_is_left_alone(box: Box) -> None:
    ended = box("echo fine; exit 3")
    assert (ended.code, ended.tail) == (3, "fine\n")
    assert (box.place / "log").read_text().endswith("fine\n[exit 3]\n")


def test_memory(box: Box) -> None:
    with pytest.raises(OutOfMemoryError, match="more than 200 MiB of memory"):
        box.python("import time\nheld = [bytearray(1 << 20) for _ in range(4000)]; time.sleep(60)")


def test_memory_of_many_processes(box: Box) -> None:
    program = (
        "import os, time\nfor _ in range(20):\n if os.fork() == 0:\n"
        "  held = bytearray(os.urandom(1 << 20) * 40); time.sleep(60); os._exit(0)\ntime.sleep(60)"
    )
    with pytest.raises(OutOfMemoryError):
        box.python(program)


def test_fork_bomb(box: Box) -> None:
    program = "import os, time\nwhile True:\n try: os.fork()\n except OSError: time.sleep(1)"
    with pytest.raises(BuildError, match="took longer than 3 s"):
        box.python(program, seconds=3, memory=2000 * MIB)


def test_open_files(box: Box) -> None:
    ended = box.python("import os\nwhile True: os.dup(0)")
    assert ended.code == 1
    assert "Too many open files" in ended.tail


def test_log(box: Box) -> None:
    with pytest.raises(BuildError, match="printed more than 1 MiB"):
        box("yes")
    assert (box.place / "log").stat().st_size < 2 * MIB


def test_files(box: Box) -> None:
    with pytest.raises(BuildError, match="made more than 2000 files"):
        box.python("import itertools, time\nfor n in itertools.count():\n open(f'f{n}', 'w').close(); time.sleep(5e-4)")


def test_disk_by_many_files(box: Box) -> None:
    with pytest.raises(BuildError, match="used more than 40 MiB of disk"):
        box("n=0; while :; do n=$((n+1)); head -c 1000000 /dev/zero > f$n; sleep 0.02; done")


def test_disk_by_one_file(box: Box) -> None:
    assert box("head -c 100000000 /dev/zero > f").code != 0
    assert (box.place / "work/f").stat().st_size <= 40 * MIB


@pytest.mark.parametrize("place", ["/dev/shm", "/tmp", "/run", "/dev"])
def test_memory_disks(box: Box, place: str) -> None:
    """They are smaller than the limit on memory, or cannot be written to."""
    ended = box(f"head -c 1000000000 /dev/zero > {place}/f", memory=600 * MIB, disk=2000 * MIB)
    assert ended.code != 0
    assert "No space left" in ended.tail or "Read-only" in ended.tail


def test_silence(box: Box) -> None:
    with pytest.raises(BuildError, match="printed nothing for 1 s"):
        box("sleep 1000", silent_s=1)


def test_time(box: Box) -> None:
    with pytest.raises(BuildError, match="took longer than 2 s"):
        box("while :; do echo still here; sleep 0.2; done", seconds=2)


def test_ignored_signals(box: Box) -> None:
    with pytest.raises(BuildError, match="took longer than 2 s"):
        box("trap '' TERM INT HUP QUIT PIPE; while :; do echo x; sleep 0.2; done", seconds=2)


def test_daemon_that_keeps_the_output(box: Box) -> None:
    ended = box("(setsid sh -c 'while :; do sleep 1; done' &) & echo done")
    assert (ended.code, ended.tail) == (0, "done\n")


def test_closed_output(box: Box) -> None:
    with pytest.raises(BuildError, match=r"took longer than 2 s|printed nothing"):
        box("exec >&- 2>&-; while :; do sleep 1; done", seconds=2)


def test_limit_on_processes_is_told(tmp_path: Path, run: HostRunner) -> None:
    box = Box(tmp_path, run)
    ended = box("for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 2 & done; wait; exit 1", processes=10)
    if "pids" in ended.kernel:
        assert "the limit is 10 processes" in ended.tail
    assert box.left() == []


def test_usage_counts_no_further_than_asked(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / str(number)).write_bytes(b"x" * 5000)
    assert usage(tmp_path, 1000)[1] == 50
    assert usage(tmp_path, 10)[1] == 11
    assert usage(tmp_path, 1000)[0] >= 50 * 5000
