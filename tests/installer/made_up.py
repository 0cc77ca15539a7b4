"""A machine, a medium and a plan for tests of what is around an installation."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_installer.answers import Answers
from boatyard_installer.medium import Medium
from boatyard_installer.plan import make_plan
from boatyard_installer.probe import FoundDisk, Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard_installer.step import Plan

GIB = 1 << 30
EMPTY = FoundDisk(device="/dev/vda", size=20 * GIB, serial="S-EMPTY", bus="virtio", model="Disk")
FULL = FoundDisk(device="/dev/vdb", size=20 * GIB, serial="S-FULL", bus="virtio", signatures=("gpt", "ext4"))
NAMELESS = FoundDisk(device="/dev/vdc", size=20 * GIB, bus="virtio", signatures=("ext4",))
STICK = FoundDisk(device="/dev/sda", size=8 * GIB, bus="usb", removable=True, medium=True, used_by=("/run/live/media",))


def machine(*disks: FoundDisk) -> Machine:
    return Machine(disks=disks, firmware="uefi", arch="x86_64", memory=2 * GIB)


def medium(folder: Path = Path("/run/live/media")) -> Medium:
    return Medium(
        folder=folder,
        name="Skiff",
        version="1",
        title="Skiff Linux 1",
        arch="x86_64",
        kernel="6.12.1",
        occupied=GIB,
        inodes=30000,
    )


def plan(answers: Answers = Answers(), disk: FoundDisk = EMPTY) -> Plan:  # noqa: B008 - frozen
    return make_plan(answers, machine(disk), medium(), str(uuid.UUID(int=1)))


class Recorder:
    """A Run that does nothing and remembers what it was asked; `outputs` by the program's name."""

    def __init__(self, outputs: dict[str, str] | None = None) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.secrets: list[bytes] = []
        self._outputs = outputs or {}

    def __call__(
        self,
        *argv: str,
        secret: bytes = b"",
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        keep: tuple[int, ...] = (),
    ) -> str:
        self.calls.append(argv)
        self.secrets.append(secret)
        return self._outputs.get(argv[0], "")
