"""What an installation consists of: steps as values, in the order they are performed. `--dry-run` prints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard_boot.disk import DiskPlan
    from boatyard_boot.layout import Filesystem, Layout
    from boatyard_installer.answers import Answers
    from boatyard_installer.medium import Medium
    from boatyard_installer.probe import FoundDisk


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `name`: the same in every installation; `text`: what it does to this machine, without secrets.

    `weight`: its share of the time, as measured on a slow machine; for progress only.
    """

    name: str
    text: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All of an installation. `volumes`: bytes of each volume; `memory`: of the machine, in bytes.

    `devices`: the block device of each place (`on`); with a slash at its end a partition's name means the partition
    itself, without one what is in its container.
    """

    answers: Answers
    medium: Medium
    disk: FoundDisk
    layout: Layout
    places: DiskPlan
    volumes: dict[str, int]
    firmware: str
    memory: int
    devices: dict[str, str]
    steps: tuple[Step, ...]

    def on(self, filesystem: Filesystem) -> str:
        """The device of a file system."""
        return self.devices[filesystem.on]
