"""A read-only UDF 1.02 image with small files in its root: the provisioning CD. Pure: a value in, bytes out.

ECMA-167 gives the structures (the numbers in brackets are its sections), OSTA UDF 1.02 what must be in them. Programs
that write ISO 9660 write no plain UDF, and Azure's CD is plain UDF.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

SECTOR = 2048
VOLUME_RECOGNITION = 16
ANCHOR = 256
MAIN_SEQUENCE, RESERVE_SEQUENCE, SEQUENCE_SECTORS = 32, 48, 16
INTEGRITY = 64
PARTITION = ANCHOR + 1
FILE_SET, ROOT_ENTRY, ROOT_DIRECTORY, FIRST_FILE = 0, 1, 2, 3  # blocks of the partition
MAX_NAME = 126
# Tags of descriptors [3/7.2, 4/7.2].
PRIMARY, ANCHOR_POINTER, IMPLEMENTATION, PARTITION_DESCRIPTOR, LOGICAL, UNALLOCATED, TERMINATING = 1, 2, 4, 5, 6, 7, 8
INTEGRITY_DESCRIPTOR, FILE_SET_DESCRIPTOR, FILE_IDENTIFIER, FILE_ENTRY = 9, 256, 257, 261
DIRECTORY, REGULAR = 4, 5  # [4/14.6.6]
READ_ONLY = 1  # [3/10.5.7]
READ_ALL = 0o4 << 10 | 0o4 << 5 | 0o4  # [4/14.14.1.5]: owner, group, others, five bits each
SEARCH_ALL = 0o5 << 10 | 0o5 << 5 | 0o5
CHARSET = b"\0OSTA Compressed Unicode".ljust(64, b"\0")
# 1 January 2025, UTC [1/7.3]: images of the same files are the same.
TIME = struct.pack("<HHBBBBBBBB", 1 << 12, 2025, 1, 1, 0, 0, 0, 0, 0, 0)
REVISION = 0x0102
UNIQUE_ID = 16  # the first that UDF leaves for files


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    data: bytes
    entry: int  # blocks of the partition
    content: int


def udf_image(label: str, files: dict[str, bytes]) -> bytes:
    """The image. Names and label are ASCII; all files are readable by everybody who may read the medium."""
    placed: list[_File] = []
    block = FIRST_FILE
    for name, data in sorted(files.items()):
        assert name.isascii() and 0 < len(name) <= MAX_NAME
        placed.append(_File(name, data, block, block + 1))
        block += 1 + _sectors(len(data))
    directory = b"".join([_identifier("", ROOT_ENTRY, 0), *(_file_identifier(f, i) for i, f in enumerate(placed))])
    assert len(directory) <= SECTOR
    sectors = {PARTITION + FILE_SET: _file_set(label), PARTITION + ROOT_DIRECTORY: directory}
    sectors[PARTITION + ROOT_ENTRY] = _entry(ROOT_ENTRY, DIRECTORY, len(directory), ROOT_DIRECTORY, 0)
    for index, file in enumerate(placed):
        unique = UNIQUE_ID + index
        sectors[PARTITION + file.entry] = _entry(file.entry, REGULAR, len(file.data), file.content, unique)
        sectors[PARTITION + file.content] = file.data
    sectors |= _volume(label, blocks=block, files=len(placed))
    last = PARTITION + block + 1
    sectors[last] = _anchor(last)
    image = bytearray((last + 1) * SECTOR)
    for sector, data in sectors.items():
        image[sector * SECTOR : sector * SECTOR + len(data)] = data
    return bytes(image)


def _volume(label: str, *, blocks: int, files: int) -> dict[int, bytes]:
    sectors = {
        VOLUME_RECOGNITION + index: struct.pack("<B5sB", 0, name, 1)
        for index, name in enumerate((b"BEA01", b"NSR02", b"TEA01"))
    }
    sectors[ANCHOR] = _anchor(ANCHOR)
    for start in (MAIN_SEQUENCE, RESERVE_SEQUENCE):
        bodies = (
            (PRIMARY, _primary(label)),
            (IMPLEMENTATION, _implementation(label)),
            (PARTITION_DESCRIPTOR, _partition(blocks)),
            (LOGICAL, _logical(label)),
            (UNALLOCATED, struct.pack("<II", 4, 0)),
            (TERMINATING, bytes(496)),
        )
        for index, (tag, body) in enumerate(bodies):
            sectors[start + index] = _tagged(tag, start + index, body)
    sectors[INTEGRITY] = _tagged(INTEGRITY_DESCRIPTOR, INTEGRITY, _integrity(blocks, files))
    sectors[INTEGRITY + 1] = _tagged(TERMINATING, INTEGRITY + 1, bytes(496))
    return sectors


def _tagged(tag: int, place: int, body: bytes) -> bytes:
    """A descriptor with its tag [3/7.2]: a checksum over the tag, a CRC (CCITT) over the rest."""
    crc = binascii.crc_hqx(body, 0)
    head = struct.pack("<HHBBHHHI", tag, 2, 0, 0, 0, crc, len(body), place)
    return head[:4] + bytes([sum(head) & 0xFF]) + head[5:] + body


def _anchor(place: int) -> bytes:
    extents = (SEQUENCE_SECTORS * SECTOR, MAIN_SEQUENCE, SEQUENCE_SECTORS * SECTOR, RESERVE_SEQUENCE)
    return _tagged(ANCHOR_POINTER, place, struct.pack("<IIII", *extents) + bytes(480))


def _primary(label: str) -> bytes:
    """[3/10.1]"""
    identifier = "0000000000000001" + label
    return (
        struct.pack("<II32sHHHHII", 0, 0, _string(label, 32), 1, 1, 2, 2, 1, 1)
        + _string(identifier, 128)
        + CHARSET
        + CHARSET
        + bytes(16)  # abstract and copyright notice
        + bytes(32)  # application
        + TIME
        + _entity("*Boatyard")
        + bytes(64 + 4 + 2 + 22)
    )


def _implementation(label: str) -> bytes:
    """[3/10.4], UDF 2.2.7: the label for people."""
    use = CHARSET + _string(label, 128) + _string("", 36) * 3 + _entity("*Boatyard") + bytes(128)
    return struct.pack("<I", 1) + _entity("*UDF LV Info", REVISION) + use


def _partition(blocks: int) -> bytes:
    """[3/10.5]"""
    head = struct.pack("<IHH", 2, 1, 0) + _entity("+NSR02") + bytes(128)
    return head + struct.pack("<III", READ_ONLY, PARTITION, blocks) + _entity("*Boatyard") + bytes(128 + 156)


def _logical(label: str) -> bytes:
    """[3/10.6], with one partition map [3/10.7.2]."""
    partition_map = struct.pack("<BBHH", 1, 6, 1, 0)
    return (
        struct.pack("<I", 3)
        + CHARSET
        + _string(label, 128)
        + struct.pack("<I", SECTOR)
        + _entity("*OSTA UDF Compliant", REVISION)
        + _long_extent(SECTOR, FILE_SET)
        + struct.pack("<II", len(partition_map), 1)
        + _entity("*Boatyard")
        + bytes(128)
        + struct.pack("<II", 2 * SECTOR, INTEGRITY)
        + partition_map
    )


def _integrity(blocks: int, files: int) -> bytes:
    """[3/10.10]: closed; no block is free; one folder."""
    use = _entity("*Boatyard") + struct.pack("<IIHHH", files, 1, REVISION, REVISION, REVISION)
    header = struct.pack("<Q", UNIQUE_ID + files) + bytes(24)
    counts = struct.pack("<IIII", 1, len(use), 0, blocks)
    return TIME + struct.pack("<III", 1, 0, 0) + header + counts + use


def _file_set(label: str) -> bytes:
    """[4/14.1]"""
    body = (
        TIME
        + struct.pack("<HHIIII", 3, 3, 1, 1, 0, 0)
        + CHARSET
        + _string(label, 128)
        + CHARSET
        + _string(label, 32)
        + bytes(32 + 32)
        + _long_extent(SECTOR, ROOT_ENTRY)
        + _entity("*OSTA UDF Compliant", REVISION)
        + bytes(16 + 48)
    )
    return _tagged(FILE_SET_DESCRIPTOR, FILE_SET, body)


def _entry(block: int, kind: int, length: int, content: int, unique: int) -> bytes:
    """[4/14.9]: the tag of its place [4/14.6], whose last flags say that extents are short ones, and one extent."""
    permissions = SEARCH_ALL if kind == DIRECTORY else READ_ALL
    extent = struct.pack("<II", length, content) if length else b""
    body = (
        struct.pack("<IHHHBBIHH", 0, 4, 0, 1, 0, kind, 0, 0, 0)
        + struct.pack("<IIIHBBIQQ", 0, 0, permissions, 1, 0, 0, 0, length, _sectors(length))
        + TIME * 3
        + struct.pack("<I", 1)
        + bytes(16)
        + _entity("*Boatyard")
        + struct.pack("<QII", unique, 0, len(extent))
        + extent
    )
    return _tagged(FILE_ENTRY, block, body)


def _file_identifier(file: _File, index: int) -> bytes:
    return _identifier(file.name, file.entry, UNIQUE_ID + index)


def _identifier(name: str, entry: int, unique: int) -> bytes:
    """[4/14.4]; without a name it is the parent, which of a root is the root itself."""
    characteristics = 0 if name else 0x02 | 0x08  # folder, parent
    coded = b"\x08" + name.encode("ascii") if name else b""
    address = struct.pack("<IIH", SECTOR, entry, 0) + struct.pack("<HI", 0, unique)
    body = struct.pack("<HBB", 1, characteristics, len(coded)) + address + struct.pack("<H", 0) + coded
    body += bytes(-(len(body) + 16) % 4)
    return _tagged(FILE_IDENTIFIER, ROOT_DIRECTORY, body)


def _long_extent(length: int, block: int) -> bytes:
    return struct.pack("<IIH6x", length, block, 0)


def _entity(name: str, revision: int = 0) -> bytes:
    """[1/7.4]: an entity identifier; UDF's own have the revision as a suffix."""
    return b"\0" + name.encode("ascii").ljust(23, b"\0") + struct.pack("<H6x", revision)


def _string(text: str, size: int) -> bytes:
    """A d-string [1/7.2.12] of eight-bit characters: cut to its field, the length used in the last byte."""
    if not text:
        return bytes(size)
    coded = (b"\x08" + text.encode("ascii"))[: size - 1]
    return coded.ljust(size - 1, b"\0") + bytes([len(coded)])


def _sectors(length: int) -> int:
    return -(-length // SECTOR)
