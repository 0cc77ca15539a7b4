"""Machines really run: the console is read and written, QMP answers, writes are thrown away, nothing is left."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from boatyard.artifact.machine import Drive, Network
from boatyard.base.error import ImageError
from boatyard.vm.accel import Accelerator, probe, why_not_kvm
from boatyard.vm.running import boot
from boatyard.vm.serial import Stage, Trouble
from boatyard.vm.ssh import logged_in
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boatyard.artifact.machine import Machine
    from boatyard.ports.run import HostRunner
    from boatyard.vm.running import Harbour

pytestmark = pytest.mark.vm


def test_boots_to_the_login_prompt_and_answers(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    heard: list[bytes] = []
    with boot(guest(b"GNU GRUB  version 2\r\nbox login: ", "echo"), harbour, log, heard.append) as vm:
        assert vm.wait_for(Stage.LOGIN) > 0
        assert vm.qmp.balloon_mib() == 64
        screen = tmp_path / "screen.png"
        vm.qmp.screenshot(screen)
        assert screen.read_bytes().startswith(b"\x89PNG")
        vm.console.send(b"root\r\nKernel panic - not syncing: typed\r\n")
        with pytest.raises(ImageError, match="panicked"):
            vm.wait_for(Stage.SHUTDOWN)
    assert b"box login: root" in log.read_bytes()
    assert b"".join(heard) == log.read_bytes()
    assert [event.what for event in vm.console.events] == [Stage.BOOTLOADER, Stage.LOGIN, Trouble.PANIC]
    assert not list((harbour.scratch / "machines").glob(".tmp-*"))


def test_a_guest_that_powers_off_ends_the_machine(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    with boot(guest(b"reboot: Power down\r\n", "power off"), harbour, tmp_path / "log") as vm:
        assert vm.console.wait_end(60)
        with pytest.raises(ImageError, match="ended in the stage shutdown"):
            vm.wait_for(Stage.LOGIN)


def test_a_line_is_waited_for(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    with boot(guest(b"first\r\n\x1b[1mVERDICT: good\x1b[0m\r\n", "echo"), harbour, tmp_path / "log") as vm:
        found, seconds = vm.console.wait_for_line(re.compile("^VERDICT: (.*)$"), 60)
        assert found[1] == "good"
        assert seconds > 0
        with pytest.raises(ImageError, match="has not shown what it should"):
            vm.console.wait_for_line(re.compile("never"), 0.1)
        vm.console.send(b"Kernel panic - not syncing: typed\r\n")
        with pytest.raises(ImageError, match="panicked"):
            vm.console.wait_for_line(re.compile("never"), 60)


def test_a_restart_loop_is_told(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    text = b"GNU GRUB  version 2\r\n[    0.000000] Linux version 6.12\r\n"
    with boot(guest(text, "reset"), harbour, tmp_path / "log") as vm:
        with pytest.raises(ImageError, match="restarts again and again"):
            vm.wait_for(Stage.LOGIN)
        kernels = [at_s for stage, at_s in list(vm.console.passed) if stage is Stage.KERNEL]
        assert len(kernels) >= 3
        assert kernels == sorted(kernels)


def test_a_hang_names_the_stage_and_shows_the_end(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    text = b"[    0.000000] Linux version 6.12\r\n[    0.1] last words\r\n"
    with boot(guest(text, "sleep"), harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.KERNEL)
        with pytest.raises(ImageError, match="hangs: nothing after the stage kernel") as error:
            vm.console.wait_for(Stage.LOGIN, dict.fromkeys(Stage, 0.5))
        assert "last words" in str(error.value)
        assert str(tmp_path / "log") in error.value.hint


def test_the_power_button_is_heeded(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    with boot(guest(b"box login: ", "heed the button"), harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        vm.power_off()
        assert vm.console.ended
        vm.power_off()


def test_the_power_button_is_not_heeded(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    with boot(guest(b"box login: ", "sleep"), harbour, tmp_path / "log") as vm:
        vm.wait_for(Stage.LOGIN)
        with pytest.raises(ImageError, match="did not power off within 0 s") as error:
            vm.power_off(timeout_s=0.2)
    assert (tmp_path / "log.png").exists()
    assert "log.png" in error.value.hint


@pytest.mark.parametrize("keep", [False, True])
def test_writes_are_thrown_away_unless_kept(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path, keep: bool
) -> None:
    machine = guest(b"SeaBIOS\r\n", "write", keep_writes=keep)
    disk = machine.drives[0].path
    before = disk.read_bytes()
    heard: list[bytes] = []
    with boot(machine, harbour, tmp_path / "log", heard.append) as vm:
        while b"W" not in b"".join(heard):
            assert not vm.console.wait_end(0.05)
    assert (disk.read_bytes() != before) == keep


def test_ssh_ports_do_not_clash(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    machine = msgspec.structs.replace(guest(b"box login: ", "sleep"), network=Network())
    with (
        boot(machine, harbour, tmp_path / "log1") as one,
        boot(machine, harbour, tmp_path / "log2") as two,
    ):
        assert one.qmp.forwarded_port() != two.qmp.forwarded_port()
        with pytest.raises(ImageError, match="lets nobody log in"), logged_in(two, tmp_path / "no-key", timeout_s=0.5):
            raise AssertionError


def test_without_a_network_there_is_no_way_in(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    with (
        boot(guest(b"", "sleep"), harbour, tmp_path / "log") as vm,
        pytest.raises(ImageError, match="no network card"),
    ):
        vm.qmp.forwarded_port()


def test_qemu_that_refuses_to_start_says_why(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    machine = msgspec.structs.replace(guest(b"", "sleep"), drives=(Drive(path=tmp_path / "missing.raw"),))
    with pytest.raises(ImageError, match="did not start") as error, boot(machine, harbour, tmp_path / "log"):
        raise AssertionError
    assert "missing.raw" in str(error.value)


def test_what_a_killed_run_left_is_swept(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    left = harbour.scratch / "machines" / ".tmp-dead"
    left.mkdir(parents=True)
    (left / "vars.fd").write_bytes(b"x")
    with boot(guest(b"", "sleep"), harbour, tmp_path / "log") as one:
        assert not left.exists()
        with boot(guest(b"", "sleep"), replace(harbour), tmp_path / "log2"):
            assert one.folder.exists()


def test_the_probe_passes_where_a_guest_runs(run: HostRunner, tmp_path: Path) -> None:
    assert probe(Arch.X86_64, Accelerator("tcg", "single"), run, tmp_path)


def test_kvm_is_used_only_after_a_guest_has_run_on_it(run: HostRunner, tmp_path: Path) -> None:
    why = why_not_kvm(Arch.X86_64, run, tmp_path)
    if not why:
        assert probe(Arch.X86_64, Accelerator("kvm"), run, tmp_path)
    else:
        assert "kvm" in why.lower() or "foreign" in why
