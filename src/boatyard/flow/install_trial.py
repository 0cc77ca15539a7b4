"""Installs from an ISO on an empty disk of a virtual machine, by answers and with nobody there."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.demo_result import CheckRow
from boatyard.artifact.machine import Drive, Machine, Network
from boatyard.base.error import ImageError
from boatyard.flow.check import MEMORY_MIB, Seen, look
from boatyard.image.customize import Change, customize
from boatyard.image.inspect import ANSWERS
from boatyard.ports.lease import leased_dir
from boatyard.ports.serve import guest_url
from boatyard.trial.installed import Wanted, check_installed, check_user
from boatyard.vm.accel import find_hypervisor
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in
from boatyard_boot.size import GIB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.artifact.demo_result import MachineRow
    from boatyard.flow.check import Expected
    from boatyard.flow.yard import Yard
    from boatyard.vm.running import RunningMachine
    from boatyard_boot.arch import Arch

SERIAL, DISK_SIZE = "SKIFF-1", 8 * GIB
WANTED = Wanted(hostname="installed", user="ada", package="bzip2")
VERDICT = re.compile(r"^BOATYARD-INSTALL: (?:(?P<ok>OK)|FAILED (?P<reason>.*))$")
INSTALL_TIMEOUT_S = 900.0
# Emulated, on a busy host, udev can need more than systemd's 90 s to find /boot; without that a system does not start.
PATIENCE = "systemd.default_device_timeout_sec=600"


@dataclass(frozen=True, slots=True)
class Installed:
    """A machine that has started from the disk it was installed on; seconds from power-on."""

    vm: RunningMachine
    installed_s: float
    login_s: float


def answers_for(public_key: str, wanted: Wanted = WANTED) -> str:
    """Answers for an installation on LVM, with a key for root and a user with sudo."""
    return f"""\
[disk]
serial = "{SERIAL}"
wipe = true

[layout]
kind = "lvm"

[system]
hostname = "{wanted.hostname}"

[root]
ssh-keys = ["{public_key}"]

[[users]]
name = "{wanted.user}"
ssh-keys = ["{public_key}"]
sudo = "nopasswd"

[packages]
install = ["{wanted.package}"]

[kernel]
arguments = ["{PATIENCE}"]
"""


@contextlib.contextmanager
def installed(iso: Path, answers: str, arch: Arch, harbour: Harbour, log: Path) -> Iterator[Installed]:
    """Installs `iso` by `answers` under UEFI; the block gets the machine at the installed system's login prompt.

    The disk is empty, has the number SERIAL, and is gone afterwards. ImageError with the installer's reason when it
    says that it failed, or when the machine does not come up.
    """
    with leased_dir(harbour.scratch / "installations") as folder:
        customized, disk = folder / "answered.iso", folder / "disk.raw"
        customize(iso, customized, Change(files={ANSWERS: answers.encode()}), harbour.run, log=folder / "customize.log")
        with disk.open("wb") as stream:
            stream.truncate(DISK_SIZE)  # sparse
        hypervisor = find_hypervisor(arch, harbour.run, harbour.scratch / "hypervisor")
        machine = Machine(
            name=f"installation-from-{iso.name}",
            arch=arch,
            memory_mib=MEMORY_MIB,
            cpus=1 if hypervisor.accelerator.emulated else 2,
            # In this order firmware tries them: the disk, once there is something to start on it.
            drives=(Drive(path=disk, keep_writes=True, serial=SERIAL), Drive(path=customized, kind="cdrom")),
            network=Network(outward=True),
        )
        with boot(machine, harbour, log) as vm:
            verdict, installed_s = vm.console.wait_for_line(VERDICT, INSTALL_TIMEOUT_S)
            if not verdict["ok"]:
                raise vm.console.failure(f"did not install: {verdict['reason']}")
            yield Installed(vm, installed_s, vm.wait_for(Stage.LOGIN))


def check_installation(yard: Yard, iso: Path, expected: Expected, url: str, log: Path) -> MachineRow:
    """Installs and checks what was installed; an installation that fails is a failed check. `url`: as for a boot."""
    scratch, run, reporter = yard.workspace.work / "vm", yard.ports.run, yard.ports.reporter
    hypervisor, seen = find_hypervisor(yard.arch, run, scratch / "hypervisor"), Seen()
    with reporter.step(f"install from {iso.name}"), ephemeral_key(run, scratch) as key:
        try:
            harbour = Harbour(run, reporter, scratch)
            with installed(iso, answers_for(key.public), yard.arch, harbour, log) as done:
                seen.installed_s, seen.boot_s = done.installed_s, done.login_s
                seen.checks.append(CheckRow(name="installation", ok=True, found=f"OK after {done.installed_s:.0f} s"))
                with logged_in(done.vm, key.private, WANTED.user) as shell:
                    seen.checks.append(check_user(shell, WANTED.user))
                look(done.vm, key, expected, guest_url(url), seen, lambda shell: check_installed(shell, WANTED))
        except ImageError as error:
            seen.fail("installation", error)
    return seen.row(f"installed from {iso.name}", "uefi", "installation", hypervisor.kind)
