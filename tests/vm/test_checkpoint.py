"""Machines that are saved and go on: twice at once, in spite of damage never wrongly, and their disks stay whole."""

from __future__ import annotations

import os
import random
import resource
from typing import TYPE_CHECKING

import msgspec
import pytest

from boatyard.ports.feed import feeding
from boatyard.vm.checkpoint import Checkpoint, CheckpointError, restored, resume, save
from boatyard.vm.layer import layered
from boatyard.vm.running import boot
from boatyard.vm.serial import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boatyard.artifact.machine import Machine
    from boatyard.vm.running import Harbour, RunningMachine

pytestmark = pytest.mark.vm


@pytest.fixture
def saved(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> tuple[Machine, Path, Checkpoint]:
    """A guest that echoes, saved after its prompt: the machine, the file and what that must be."""
    machine = guest(b"box login: ", "echo")
    with boot(machine, harbour, tmp_path / "first.log") as vm:
        vm.wait_for(Stage.LOGIN)
        return machine, tmp_path / "state", save(vm, tmp_path / "state")


def say(vm: RunningMachine, word: str) -> None:
    """Types, and waits until the guest has echoed all of it."""
    vm.console.send(f"{word}\r\n".encode())
    while word not in vm.console.tail():
        assert not vm.console.wait_end(0.05)


def write(vm: RunningMachine) -> None:
    """Makes a guest that writes when told write, and waits until it has."""
    before = vm.console.tail().count("W")
    vm.console.send(b"x")
    while vm.console.tail().count("W") == before:
        assert not vm.console.wait_end(0.05)


def test_a_machine_goes_on_where_it_was_saved_as_often_as_wanted(
    saved: tuple[Machine, Path, Checkpoint], harbour: Harbour, tmp_path: Path
) -> None:
    machine, path, checkpoint = saved
    assert path.stat().st_size == checkpoint.size < checkpoint.unpacked
    assert path.stat().st_mode & 0o777 == 0o600
    with (
        restored(path, checkpoint, machine, harbour, tmp_path / "one.log") as one,
        restored(path, checkpoint, machine, harbour, tmp_path / "two.log") as two,
    ):
        say(one, "first")
        say(two, "second")
    assert (tmp_path / "one.log").read_bytes() == b"first\r\n"  # it has not booted
    assert (tmp_path / "two.log").read_bytes() == b"second\r\n"


def test_a_saved_machine_can_run_on(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    with boot(guest(b"box login: ", "echo"), harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        save(vm, tmp_path / "state")
        assert vm.qmp.execute("query-status")["running"] is False
        resume(vm)
        say(vm, "still here")
        with pytest.raises(FileExistsError):
            save(vm, tmp_path / "state")


def test_the_layer_holds_what_was_written_until_then(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    machine = guest(b"box login: ", "write when told")
    (drive,) = machine.drives
    before = drive.path.read_bytes()
    layer = layered(drive, tmp_path / "layer, one.qcow2", harbour.run)
    layers = msgspec.structs.replace(machine, drives=(layer,))
    with boot(layers, harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        save(vm, tmp_path / "clean")
        unwritten = layer.path.read_bytes()
        assert before[:512] not in unwritten
        resume(vm)
        write(vm)  # the boot sector's content, to another place
        assert layer.path.read_bytes() == unwritten
    assert drive.path.read_bytes() == before
    layer = layered(drive, tmp_path / "layer, two.qcow2", harbour.run)
    layers = msgspec.structs.replace(machine, drives=(layer,))
    with boot(layers, harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        write(vm)
        checkpoint = save(vm, tmp_path / "state")
    written = layer.path.read_bytes()
    assert before[:512] in written
    throwaway = msgspec.structs.replace(layers, drives=(msgspec.structs.replace(layer, keep_writes=False),))
    with restored(tmp_path / "state", checkpoint, throwaway, harbour, tmp_path / "log") as vm:
        write(vm)
    assert layer.path.read_bytes() == written
    assert drive.path.read_bytes() == before


@pytest.mark.parametrize("damage", ["cut", "cut to nothing", "byte", "longer", "missing", "another machine"])
def test_damage_is_seen_before_the_guest_runs(
    damage: str, saved: tuple[Machine, Path, Checkpoint], harbour: Harbour, tmp_path: Path
) -> None:
    machine, path, checkpoint = saved
    if damage == "cut":
        os.truncate(path, checkpoint.size // 2)
    elif damage == "cut to nothing":
        os.truncate(path, 0)
    elif damage == "byte":
        content = bytearray(path.read_bytes())
        content[random.Random(3).randrange(len(content))] ^= 0x10
        path.write_bytes(content)
    elif damage == "longer":
        path.write_bytes(path.read_bytes() + b"more")
    elif damage == "missing":
        path.unlink()
    else:
        machine = msgspec.structs.replace(machine, memory_mib=128)
    with pytest.raises(CheckpointError), restored(path, checkpoint, machine, harbour, tmp_path / "log"):
        raise AssertionError
    assert (tmp_path / "log").read_bytes() == b""
    assert not list((harbour.scratch / "machines").glob(".tmp-*"))


def test_a_state_that_does_not_fit_leaves_the_machine_usable(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    with boot(guest(b"box login: ", "echo"), harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                save(vm, tmp_path / "state")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        resume(vm)
        say(vm, "still here")
        assert save(vm, tmp_path / "other").size == (tmp_path / "other").stat().st_size


def test_a_feed_ends_with_its_reader() -> None:
    with feeding() as feed:
        feed.send(b"x", 5)
        with pytest.raises(TimeoutError):
            feed.send(bytes(4 << 20), 0.01)
        feed.started()  # the only reader was here
        with pytest.raises(BrokenPipeError):
            feed.send(b"x", 5)
