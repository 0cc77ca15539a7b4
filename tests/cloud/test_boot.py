"""A machine in its cloud, with a guest that fits in a boot sector: what is laid out around it, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.boot_sector import a_guest, a_harbour

from boatyard.base.error import ConfigError, ImageError
from boatyard.cloud.machine import CloudVm
from boatyard.cloud.ovf import environment
from boatyard.flow.cloud import cloud_machine, describe
from boatyard.vm.serial import Stage
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.machine import Machine
    from boatyard.flow.cloud import CloudMachine
    from boatyard.vm.running import Harbour

__all__ = ["a_guest", "a_harbour"]

SECRET = "Correct-Horse-7"


@pytest.mark.vm
def test_what_is_around_a_machine_is_private_and_vanishes(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    (disk,) = guest(b"box login: ", "heed the button").drives
    vm = CloudVm(name="vm", generation="gen1", password=SECRET)
    with cloud_machine(vm, disk, harbour, tmp_path / "console.log") as machine:
        machine.vm.wait_for(Stage.LOGIN)
        assert machine.vm.qmp.forwarded_port() > 0
        (cd,) = (harbour.scratch / "cloud").glob(".tmp-*/provisioning.udf")
        assert SECRET.encode() in cd.read_bytes()
        assert cd.parent.stat().st_mode & 0o777 == 0o700
        assert machine.records.stat().st_mode & 0o777 == 0o600
        # QEMU takes the link away and gives it back, which is how a pooled VM meets its owner.
        for up in (False, True):
            machine.vm.qmp.execute("set_link", name="net0", up=up)
        machine.vm.power_off()
        with pytest.raises(ImageError, match="ended"):
            machine.wait_settled(60)
    assert not list(harbour.scratch.rglob("provisioning.udf"))


@pytest.mark.vm
def test_a_pooled_machine_gets_its_owners_cd(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    (disk,) = guest(b"box login: ", "sleep").drives
    vm = CloudVm(name="vm", generation="gen1", custom_data=b"of the owner")
    pool = CloudVm(name="pool", vm_id=vm.id, generation="gen1")

    def inserted(machine: CloudMachine) -> bytes:
        (cd,) = (one["inserted"] for one in machine.vm.qmp.execute("query-block") if one["removable"])
        return Path(cd["file"]).read_bytes()

    with cloud_machine(vm, disk, harbour, tmp_path / "console.log", pool=pool) as machine:
        assert environment(pool, pooled=True) in inserted(machine)
        machine.assign()
        assert environment(vm) in inserted(machine)
        # As at a restart of the guest, at which QEMU closes the drive's tray.
        machine.vm.qmp.execute("system_reset")
        assert environment(vm) in inserted(machine)


def test_no_secret_is_told_to_qemu() -> None:
    vm = CloudVm(name="vm", password=SECRET, custom_data=SECRET.encode())
    machine = describe(vm, (), arch=Arch.X86_64, memory_mib=512, cpus=1, outward=True)
    assert SECRET not in repr(machine)
    assert machine.network is not None
    assert machine.network.tapped
    assert machine.stealth


def test_a_pool_that_is_another_machine_is_refused(
    guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path
) -> None:
    (disk,) = guest(b"", "sleep").drives
    vm, pool = CloudVm(name="vm"), CloudVm(name="pool")
    with (
        pytest.raises(ConfigError, match="another one"),
        cloud_machine(vm, disk, harbour, tmp_path / "log", pool=pool),
    ):
        raise AssertionError


def test_arm64_has_no_generation_1(guest: Callable[..., Machine], harbour: Harbour, tmp_path: Path) -> None:
    (disk,) = guest(b"", "sleep").drives
    vm = CloudVm(name="vm", generation="gen1")
    with (
        pytest.raises(ConfigError, match="generation 1"),
        cloud_machine(vm, disk, harbour, tmp_path / "log", arch=Arch.AARCH64),
    ):
        raise AssertionError
