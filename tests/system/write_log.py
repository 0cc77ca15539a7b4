"""What a machine wrote to a disk, in order: the log of QEMU's driver blklogwrites, in the format of Linux'
dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")  # magic, version, number of entries, bytes in a sector
ENTRY = struct.Struct("<QQQQ")  # sector, number of sectors, flags, bytes of data
FLUSH, DISCARD = 1, 4


class Entry(NamedTuple):
    """`data`: the first sector of the `count` that were written, zeros for a discard. `count` is 0 for a flush."""

    sector: int
    count: int
    flush: bool
    data: bytes


def entries(log: Path) -> Iterator[Entry]:
    """All of a log, as far as its last flush."""
    with log.open("rb") as file:
        magic, _, number, size = SUPER.unpack(file.read(SUPER.size))
        assert magic == MAGIC
        at = size
        for _ in range(number):
            file.seek(at)
            sector, count, flags, _ = ENTRY.unpack(file.read(ENTRY.size))
            at += size
            file.seek(at)
            data = bytes(size) if flags & DISCARD else file.read(size) if count else b""
            at += 0 if flags & DISCARD else count * size
            yield Entry(sector, count, bool(flags & FLUSH), data)


def check_bootable_last(log: Path) -> int:
    """Wherever the power fails, and whatever of the disk's cache is lost then, the first sector is empty until all else
    is on the disk for good: the first write empties it and is flushed alone, and the one that fills it comes when
    nothing is left to be flushed. Gives the number of writes between the two.
    """
    writes = unflushed = 0
    for entry in entries(log):
        if entry.flush:
            unflushed = 0
        if not entry.count:
            continue
        if not writes:
            assert entry.sector == 0, "the first sector is emptied first"
        if writes == 1:
            assert unflushed == 0, "and that is flushed before anything else is written"
        if entry.sector == 0 and any(entry.data):
            assert unflushed == 0, "all else is on the disk when the first sector is filled"
            return writes - 1
        writes += 1
        unflushed += 1
    raise AssertionError("the first sector was never filled")
