"""A machine with disks of its own that is switched on again and again, as one on a desk is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from boatyard.artifact.machine import Drive, Machine, Network, authorized_key
from boatyard.ports.progress import silent
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from boatyard.ports.run import HostRunner
    from boatyard.vm.answer import Answer
    from boatyard.vm.ssh import Shell, SshKey

TIMEOUT_S = 900.0


class Computer:
    """`disks`: qcow2 files that keep what is written; `folder`: for its consoles' logs.

    All boots have one key: the file that systemd makes of it at the first is not made again.
    """

    def __init__(self, disks: Sequence[Path], key: SshKey, run: HostRunner, folder: Path) -> None:
        self._disks, self._key, self._run, self._folder = tuple(disks), key, run, folder
        self._boots = 0

    @contextlib.contextmanager
    def on(self, answers: Sequence[Answer] = ()) -> Iterator[Shell]:
        """Boots to the login prompt; a shell of root's for the block, then the machine is switched off in order."""
        self._boots += 1
        machine = Machine(
            name="computer",
            arch=Arch.X86_64,
            cpus=1,
            drives=tuple(Drive(path=disk, format="qcow2", keep_writes=True) for disk in self._disks),
            network=Network(outward=True),
            credentials=authorized_key(self._key.public),
        )
        harbour = Harbour(self._run, silent(), self._folder / "scratch")
        with boot(machine, harbour, self.log, answers=answers) as vm:
            vm.wait_for(Stage.LOGIN)
            with logged_in(vm, self._key.private) as shell:
                yield shell
            vm.power_off()

    @property
    def log(self) -> Path:
        """The serial console of the latest boot."""
        return self._folder / f"console-{self._boots}.log"


@contextlib.contextmanager
def computer(disks: Sequence[Path], run: HostRunner, folder: Path) -> Iterator[Computer]:
    """A computer for the block."""
    with ephemeral_key(run, folder / "scratch") as key:
        yield Computer(disks, key, run, folder)


def said(shell: Shell, script: str) -> str:
    """What a script says that must succeed."""
    result = shell(script, TIMEOUT_S)
    assert result.code == 0, f"{script}: {result.text}{result.stderr.decode()}"
    return result.text.strip()
