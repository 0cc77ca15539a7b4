"""GUID partition tables (UEFI specification 2.10, chapter 5), written without tools: values in, sectors out."""

from __future__ import annotations

import binascii
import struct
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard_boot.arch import Arch
from boatyard_boot.layout import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTOR = 512
ENTRIES, ENTRY_SIZE = 128, 128
# MBR, header, 32 sectors of entries.
FIRST_USABLE = 2 + ENTRIES * ENTRY_SIZE // SECTOR
NAME_UNITS = 36
# UEFI specification table 5-7, GRUB's manual, and the Discoverable Partitions Specification.
TYPES = {
    Role.ESP: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
    Role.BIOS_BOOT: "21686148-6449-6E6F-744E-656564454649",
    Role.BOOT: "BC13C2FF-59E6-4262-A352-B275FD6F7172",
    Role.SWAP: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
    Role.LVM: "E6D6D379-F507-44C2-A23C-238F2A3DF928",
    Role.DATA: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
}
ROOT_TYPES = {
    Arch.X86_64: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
    Arch.AARCH64: "B921B045-1DF0-41C3-AF44-4C6F280D3FAE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One partition. `start` and `size` in bytes, multiples of 512."""

    name: str
    type_id: uuid.UUID
    id: uuid.UUID
    start: int
    size: int


def type_id(role: Role, arch: Arch) -> uuid.UUID:
    """The partition type of a role."""
    return uuid.UUID(ROOT_TYPES[arch] if role == Role.ROOT else TYPES[role])


@dataclass(frozen=True, slots=True)
class Table:
    """The bytes at the disk's two ends: `head` at 0 (protective MBR, header, entries), `tail` at `tail_at`."""

    head: bytes
    tail: bytes
    tail_at: int


def write_table(rows: Sequence[Row], *, disk_size: int, disk_id: uuid.UUID, boot_code: bytes = b"") -> Table:
    """The table of a disk of `disk_size` bytes; `boot_code`: at most 440 bytes that a BIOS starts.

    ValueError when partitions overlap, leave the disk or are too many.
    """
    sectors = disk_size // SECTOR
    last_usable = sectors - 2 - ENTRIES * ENTRY_SIZE // SECTOR
    _check(rows, last_usable)
    entries = b"".join(_entry(row) for row in rows).ljust(ENTRIES * ENTRY_SIZE, b"\0")
    ends = (FIRST_USABLE, last_usable)
    head = _header(1, sectors - 1, 2, ends, disk_id, entries)
    tail = _header(sectors - 1, 1, last_usable + 1, ends, disk_id, entries)
    return Table(_protective_mbr(sectors, boot_code) + head + entries, entries + tail, (last_usable + 1) * SECTOR)


def _check(rows: Sequence[Row], last_usable: int) -> None:
    if len(rows) > ENTRIES:
        raise ValueError(f"{len(rows)} partitions; a table has room for {ENTRIES}")
    end = FIRST_USABLE * SECTOR
    for row in sorted(rows, key=lambda row: row.start):
        if row.start < end or row.start % SECTOR or row.size % SECTOR or row.size <= 0:
            raise ValueError(f"the partition {row.name!r} overlaps another, or is not in whole sectors")
        end = row.start + row.size
    if end > (last_usable + 1) * SECTOR:
        raise ValueError("the partitions do not fit on the disk")


def _entry(row: Row) -> bytes:
    name = row.name.encode("utf-16-le")[: NAME_UNITS * 2].ljust(NAME_UNITS * 2, b"\0")
    first = row.start // SECTOR
    last = first + row.size // SECTOR - 1
    return struct.pack("<16s16sQQQ72s", row.type_id.bytes_le, row.id.bytes_le, first, last, 0, name)


def _header(
    here: int, other: int, entries_at: int, usable: tuple[int, int], disk_id: uuid.UUID, entries: bytes
) -> bytes:
    def pack(checksum: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII",
            b"EFI PART", 0x00010000, 92, checksum, 0, here, other, *usable, disk_id.bytes_le, entries_at,
            ENTRIES, ENTRY_SIZE, binascii.crc32(entries),
        )  # fmt: skip

    return pack(binascii.crc32(pack(0))).ljust(SECTOR, b"\0")


def _protective_mbr(sectors: int, boot_code: bytes) -> bytes:
    """One partition of type 0xEE over the whole disk (section 5.2.3)."""
    if len(boot_code) > 440:
        raise ValueError("boot code has at most 440 bytes")
    covered = min(sectors - 1, 0xFFFFFFFF)
    entry = struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, covered)
    return boot_code.ljust(446, b"\0") + entry.ljust(64, b"\0") + b"\x55\xaa"
