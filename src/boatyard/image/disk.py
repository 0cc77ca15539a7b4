"""A disk image put together from its parts, and copied without its holes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard_boot.gpt import Row, type_id, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox
    from boatyard_boot.arch import Arch
    from boatyard_boot.disk import DiskPlan


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
