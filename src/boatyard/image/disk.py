"""Where everything lies on a disk image: layout in, byte ranges out; and the image put together from its parts."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard.base.size import MIB, parse_size
from boatyard.config.model.layout import Layout, Role, Share, divide
from boatyard.image.gpt import Row, type_id, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.base.arch import Arch
    from boatyard.image.toolbox import Toolbox

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


def plan_disk(layout: Layout, seed: uuid.UUID) -> DiskPlan:
    """The places of a layout's partitions; identities are derived from `seed`. ImageError when they do not fit."""
    size = -(-parse_size(layout.size) // MIB) * MIB
    shares = [Share.parse(partition.size) for partition in layout.partitions]
    try:
        sizes = divide(size - 2 * EDGE, shares)
    except ValueError as error:
        raise ImageError(
            f"the layout does not fit on a disk of {layout.size}: {error}", hint="raise the layout's `size`"
        ) from error
    slots, start = [], EDGE
    for partition, length in zip(layout.partitions, sizes, strict=True):
        identity = uuid.uuid5(seed, f"partition {partition.name}")
        slots.append(Slot(name=partition.name, role=partition.role, start=start, size=length, id=identity))
        start += length
    return DiskPlan(size, uuid.uuid5(seed, "disk"), tuple(slots))


def write_disk(target: Path, plan: DiskPlan, arch: Arch, parts: Mapping[str, Path], *, boot_code: bytes = b"") -> None:
    """Writes a sparse raw image from the partition table, the boot code and a file for each filled partition."""
    rows = [
        Row(name=slot.name, type_id=type_id(slot.role, arch), id=slot.id, start=slot.start, size=slot.size)
        for slot in plan.slots
    ]
    table = write_table(rows, disk_size=plan.size, disk_id=plan.id, boot_code=boot_code)
    with target.open("wb") as disk:
        disk.truncate(plan.size)
        disk.write(table.head)
        for slot in plan.slots:
            if slot.name in parts:
                copy_sparse(parts[slot.name], disk.fileno(), slot.start, slot.size)
        os.pwrite(disk.fileno(), table.tail, table.tail_at)


def make_qcow2(box: Toolbox, raw: Path, target: Path) -> None:
    """The same disk as a compressed qcow2, which QEMU 5.1 and later read."""
    box.host(
        "qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", "-c", "-o", "compression_type=zstd",
        str(raw), str(target),
    )  # fmt: skip


def occupied(path: Path) -> int:
    """The bytes that a file takes; holes are free, as in a raw disk image."""
    status = path.stat()
    return min(status.st_size, status.st_blocks * 512)


def copy_sparse(source: Path, target: int, offset: int, room: int) -> None:
    """Copies what is not a hole of a file to an offset of an open file; ImageError when there is no room."""
    with source.open("rb") as stream:
        handle = stream.fileno()
        size = os.fstat(handle).st_size
        if size > room:
            raise ImageError(f"{source.name} has {size} bytes and its partition {room}")
        for start, end in _data_ranges(handle, size):
            position = start
            while position < end:
                copied = os.copy_file_range(handle, target, end - position, position, offset + position)
                if copied == 0:
                    raise ImageError(f"{source.name} became shorter while it was copied")
                position += copied


def _data_ranges(handle: int, size: int) -> Sequence[tuple[int, int]]:
    ranges = []
    position = 0
    while position < size:
        try:
            start = os.lseek(handle, position, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole until the end
            break
        position = os.lseek(handle, start, os.SEEK_HOLE)
        ranges.append((start, position))
    return ranges
