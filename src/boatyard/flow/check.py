"""Boots an image of a distribution and checks the running system."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from boatyard.artifact.demo_result import CheckRow, MachineRow
from boatyard.artifact.machine import Drive, Machine, Network, authorized_key
from boatyard.base.error import ImageError
from boatyard.image.iso_menu import LIVE_KEY, LIVE_WORDS
from boatyard.ports.serve import guest_url
from boatyard.trial.guest import (
    biggest_processes,
    check_absent,
    check_balloon,
    check_files,
    check_install,
    check_kernel,
    check_release,
    check_repositories,
    check_system_state,
    check_unknown_package,
    check_version,
    memory_in_use,
    slowest_units,
)
from boatyard.vm.accel import find_hypervisor
from boatyard.vm.answer import Answer
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Literal

    from boatyard.artifact.image import Image
    from boatyard.config.project import Project
    from boatyard.flow.yard import Yard
    from boatyard.vm.qmp import Qmp
    from boatyard.vm.running import RunningMachine
    from boatyard.vm.ssh import Shell, SshKey

MEMORY_MIB = 1024
URL_FILE = "/etc/dnf/vars/boatyard_url"
# An ISO that can install does so unless the other entry of its menu is chosen.
TRY_IT = Answer(LIVE_WORDS, LIVE_KEY.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One boot to be checked: an image, the firmware, and whether it is put in as a CD or as a disk."""

    image: Image
    firmware: Literal["uefi", "bios"]
    medium: Literal["cdrom", "disk"]

    @property
    def name(self) -> str:
        return f"{self.image.path.name} as {self.medium} under {self.firmware}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the running system must be like. `installable` and `unknown`: packages; `changed`: for rpm -Va."""

    release: dict[str, str]
    kernel_series: str
    repositories: tuple[str, ...]
    installable: str
    unknown: str
    changed: tuple[str, ...]


def check_boot(yard: Yard, wanted: Boot, expected: Expected, url: str, log: Path) -> MachineRow:
    """Boots and checks; a machine that does not come up is a failed check. `url`: the repositories, on loopback."""
    scratch = yard.workspace.work / "vm"
    hypervisor = find_hypervisor(yard.arch, yard.ports.run, scratch / "hypervisor")
    with yard.ports.reporter.step(wanted.name), ephemeral_key(yard.ports.run, scratch) as key:
        machine = Machine(
            name=wanted.name.replace(" ", "-"),
            arch=yard.arch,
            memory_mib=MEMORY_MIB,
            cpus=1 if hypervisor.accelerator.emulated else 2,
            firmware=wanted.firmware,
            drives=(Drive(path=wanted.image.path, format=_format(wanted.image), kind=wanted.medium),),
            network=Network(outward=True),
            credentials=authorized_key(key.public),
        )
        seen = Seen()
        try:
            harbour = Harbour(yard.ports.run, yard.ports.reporter, scratch)
            with boot(machine, harbour, log, answers=[TRY_IT]) as vm:
                seen.boot_s = vm.wait_for(Stage.LOGIN)
                look(vm, key, expected, guest_url(url), seen)
        except ImageError as error:
            seen.fail("comes up", error)
    return seen.row(wanted.image.path.name, wanted.firmware, wanted.medium, hypervisor.kind)


@dataclass
class Seen:
    """What was found so far; it stands when the machine goes away in the middle. Seconds from power-on."""

    boot_s: float = 0.0
    installed_s: float = 0.0
    memory: int = 0
    processes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    checks: list[CheckRow] = field(default_factory=list)

    def fail(self, name: str, error: ImageError) -> None:
        """The machine went wrong while it was to do `name`."""
        problem = error.problems[0]
        detail = f"{problem.detail}\n{problem.hint}"
        self.checks.append(CheckRow(name=name, ok=False, found=problem.what, detail=detail))

    def row(self, image: str, firmware: str, medium: str, accelerator: str) -> MachineRow:
        """All of it as a row of the demo's result."""
        return MachineRow(
            image=image,
            firmware=firmware,
            medium=medium,
            accelerator=accelerator,
            boot_s=round(self.boot_s, 1),
            installed_s=round(self.installed_s, 1),
            memory=self.memory,
            checks=tuple(self.checks),
            biggest_processes=self.processes,
            slowest_units=self.units,
        )


def look(
    vm: RunningMachine,
    key: SshKey,
    expected: Expected,
    url: str,
    seen: Seen,
    more: Callable[[Shell], Iterable[CheckRow]] = lambda _: (),
) -> None:
    """Makes all checks on a machine that shows its login prompt; `more`: further ones. `url`: the guest's address of
    the repositories."""
    with logged_in(vm, key.private) as shell:
        seen.checks.append(check_system_state(shell))
        seen.memory = memory_in_use(shell)
        seen.processes, seen.units = biggest_processes(shell), slowest_units(shell)
        for row in chain(more(shell), _checks(shell, vm.qmp, expected, url)):
            seen.checks.append(row)
            vm.harbour.reporter.progress(len(seen.checks), 0, row.name)


def expected_system(project: Project, repositories: tuple[str, ...]) -> Expected:
    """What Skiff promises: `less` in the repositories but not installed, `htop` nowhere, nothing changed."""
    distro = project.settings.default_distro
    return Expected(
        release={"ID": distro.name, "VERSION_ID": distro.version},
        kernel_series="6.12",
        repositories=repositories,
        installable="less",
        unknown="htop",
        changed=("/etc/fstab", "/etc/hostname", "/etc/machine-id", "/etc/resolv.conf"),
    )


def _checks(shell: Shell, qmp: Qmp, expected: Expected, url: str) -> Iterator[CheckRow]:
    yield check_release(shell, expected.release)
    yield check_kernel(shell, expected.kernel_series)
    yield check_version(shell, "systemd", "systemctl --version")
    yield check_version(shell, "dnf", "dnf --version")
    yield check_balloon(shell, qmp)
    yield check_files(shell, expected.changed)
    yield check_absent(shell, expected.installable)
    shell(f"echo {shlex.quote(url)} > {URL_FILE}")
    yield check_repositories(shell, expected.repositories)
    yield check_install(shell, expected.installable, expected.installable)
    yield check_unknown_package(shell, expected.unknown)


def _format(image: Image) -> Literal["raw", "qcow2"]:
    return "qcow2" if image.format == "qcow2" else "raw"
