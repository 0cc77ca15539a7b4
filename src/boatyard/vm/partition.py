"""What firmware finds on a disk, by its first bytes (UEFI specification 5.2 and 5.3; the PC's boot sector)."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

SECTOR = 512
LOOKED_AT = 64 << 10  # bytes; a GPT has its 128 entries in the first 17 KiB
SIGNATURE = b"\x55\xaa"
BOOT_CODE = slice(0, 440)
FIRST_ENTRY, MBR_ENTRY, MBR_ENTRIES = 446, 16, 4
MBR_ESP = 0xEF
GPT = struct.Struct("<8sIIIIQQQQ16sQIII")
SMALLEST_ENTRY, MOST_ENTRIES = 128, 1024
ESP = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").bytes_le


@dataclass(frozen=True, slots=True)
class Bootable:
    """Whether there is something that each kind of firmware would start; not whether that works."""

    uefi: bool
    bios: bool


def bootable(head: bytes) -> Bootable:
    """What the first 64 KiB of a disk show. Any bytes are survived."""
    signed = head[510:512] == SIGNATURE
    return Bootable(uefi=_has_gpt_esp(head) or (signed and _has_mbr_esp(head)), bios=signed and any(head[BOOT_CODE]))


def _has_mbr_esp(head: bytes) -> bool:
    kinds = (head[FIRST_ENTRY + number * MBR_ENTRY + 4] for number in range(MBR_ENTRIES))
    return MBR_ESP in kinds


def _has_gpt_esp(head: bytes) -> bool:
    if len(head) < SECTOR + GPT.size or not head.startswith(b"EFI PART", SECTOR):
        return False
    *_, entries_at, count, size, _ = GPT.unpack_from(head, SECTOR)
    if size < SMALLEST_ENTRY or count > MOST_ENTRIES:
        return False
    starts = range(entries_at * SECTOR, min(entries_at * SECTOR + count * size, len(head)), size)
    return any(head[start : start + len(ESP)] == ESP for start in starts)
