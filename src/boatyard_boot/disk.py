"""Where everything lies on a disk: layout in, byte ranges out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from boatyard_boot.error import BootError
from boatyard_boot.layout import Layout, Role, Share, divide
from boatyard_boot.size import MIB, parse_size

# The first and the last MiB hold the partition table; partitions start at whole MiB, which suits every disk.
EDGE = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A partition's place, in bytes from the start of the disk, and the identity it and its file system get."""

    name: str
    role: Role
    start: int
    size: int
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """A disk of `size` bytes."""

    size: int
    id: uuid.UUID
    slots: tuple[Slot, ...]

    def slot(self, name: str) -> Slot:
        return next(slot for slot in self.slots if slot.name == name)

    def with_role(self, role: Role) -> Slot | None:
        return next((slot for slot in self.slots if slot.role == role), None)


def plan_disk(layout: Layout, seed: uuid.UUID, size: int = 0) -> DiskPlan:
    """The places of a layout's partitions on a disk of `size` bytes; 0: the layout's own, in whole MiB.

    Identities are derived from `seed`. BootError when the partitions do not fit.
    """
    size = size or -(-parse_size(layout.size) // MIB) * MIB
    shares = [Share.parse(partition.size) for partition in layout.partitions]
    try:
        sizes = divide(size - 2 * EDGE, shares)
    except ValueError as error:
        raise BootError(
            f"the layout does not fit on a disk of {size // MIB} MiB: {error}",
            hint="take a larger disk (for an image: raise the layout's `size`) or make the partitions smaller",
        ) from error
    slots, start = [], EDGE
    for partition, length in zip(layout.partitions, sizes, strict=True):
        identity = uuid.uuid5(seed, f"partition {partition.name}")
        slots.append(Slot(name=partition.name, role=partition.role, start=start, size=length, id=identity))
        start += length
    return DiskPlan(size, uuid.uuid5(seed, "disk"), tuple(slots))
