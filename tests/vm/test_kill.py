"""A killed run leaves no process: QEMU ends with the process that started it, whenever that is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.artifact.codec import save
from boatyard.vm.running import boot

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.machine import Machine
    from boatyard.vm.running import Harbour

pytestmark = pytest.mark.vm

RUN = """
import sys
from pathlib import Path
from boatyard.artifact.codec import load
from boatyard.artifact.machine import Machine
from boatyard.ports.progress import silent
from boatyard.ports.run import HostRunner
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage

machine, scratch = load(Machine, Path(sys.argv[1])), Path(sys.argv[2])
print("starting", flush=True)
with boot(machine, Harbour(HostRunner(), silent(), scratch), scratch / "log") as vm:
    vm.wait_for(Stage.LOGIN)
    print("up", flush=True)
    vm.console.wait_end(600)
"""


def left_over(scratch: Path) -> list[str]:
    """The command lines of the processes that work below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(scratch):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def kill_after(delay_s: float | None, how: signal.Signals, machine: Path, scratch: Path) -> None:
    """Starts a machine in a process of its own, kills that some seconds after its start or when the guest is up."""
    child = subprocess.Popen([sys.executable, "-c", RUN, str(machine), str(scratch)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"starting\n"
    if delay_s is None:
        assert child.stdout.readline() == b"up\n"
        assert left_over(scratch)
    else:
        time.sleep(delay_s)
    os.kill(child.pid, how)
    child.communicate()
    deadline = time.monotonic() + 5
    while left_over(scratch) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left_over(scratch) == []


@pytest.fixture
def stored(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> Path:
    """A machine as a file, in a harbour that knows the host's accelerator already."""
    machine = guest(b"box login: ", "sleep")
    with boot(machine, harbour, tmp_path / "log"):
        save(machine, tmp_path / "machine.json")
    return tmp_path / "machine.json"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_running_machine(how: signal.Signals, stored: Path, harbour: Harbour) -> None:
    kill_after(None, how, stored, harbour.scratch)


def kill_at_random_moments(count: int, stored: Path, harbour: Harbour) -> None:
    moments = random.Random(7)
    for _ in range(count):
        kill_after(moments.uniform(0.0, 0.4), signal.SIGKILL, stored, harbour.scratch)


def test_nothing_is_left_of_a_starting_machine(
    stored: Path, guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    kill_at_random_moments(8, stored, harbour)
    with boot(guest(b"", "sleep"), harbour, tmp_path / "log") as vm:
        assert list((harbour.scratch / "machines").glob(".tmp-*")) == [vm.folder]


@pytest.mark.sweep
def test_nothing_is_left_of_a_hundred_kills(stored: Path, harbour: Harbour) -> None:
    kill_at_random_moments(100, stored, harbour)
