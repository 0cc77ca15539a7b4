"""What firmware finds on a disk, from tables that are right, wrong and hostile."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boatyard.vm.partition import ESP, LOOKED_AT, Bootable, bootable

SIGNED = b"\x55\xaa"
MBR = b"\xeb\x63".ljust(510, b"\0") + SIGNED


def gpt(kind: bytes = ESP, *, at: int = 2, count: int = 4, size: int = 128, place: int = 0) -> bytes:
    header = struct.pack(
        "<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, 0, 34, 0, bytes(16), at, count, size, 0
    )
    table = header.ljust(512, b"\0") + bytes(place * size) + kind
    return (bytes(512) + table).ljust(LOOKED_AT, b"\0")


def mbr_of(kind: int) -> bytes:
    return bytes(446 + 16 + 4) + bytes([kind]) + bytes(510 - 446 - 21) + SIGNED


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", Bootable(uefi=False, bios=False)),
        (bytes(LOOKED_AT), Bootable(uefi=False, bios=False)),
        (MBR, Bootable(uefi=False, bios=True)),
        (MBR[:511], Bootable(uefi=False, bios=False)),
        (gpt(), Bootable(uefi=True, bios=False)),
        (MBR + gpt()[512:], Bootable(uefi=True, bios=True)),
        (gpt(place=3), Bootable(uefi=True, bios=False)),
        (gpt(place=4), Bootable(uefi=False, bios=False)),  # behind the last entry
        (gpt(bytes(16)), Bootable(uefi=False, bios=False)),
        (gpt(size=0), Bootable(uefi=False, bios=False)),
        (gpt(at=(1 << 64) - 1), Bootable(uefi=False, bios=False)),
        (gpt(count=(1 << 32) - 1), Bootable(uefi=False, bios=False)),
        (mbr_of(0xEF), Bootable(uefi=True, bios=False)),
        (mbr_of(0x83), Bootable(uefi=False, bios=False)),
    ],
)
def test_tables(head: bytes, found: Bootable) -> None:
    assert bootable(head) == found


@settings(deadline=None)
@given(st.binary(max_size=700), st.integers(0, 600))
def test_any_bytes_are_survived(data: bytes, place: int) -> None:
    head = bytearray(gpt())
    head[place : place + len(data)] = data
    bootable(bytes(head))
    bootable(data)
