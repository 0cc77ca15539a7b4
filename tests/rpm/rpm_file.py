"""Writes small RPM files byte by byte: the same every time, and wrong on purpose where a test wants that."""

from __future__ import annotations

import hashlib
import stat
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from pathlib import Path

REG, DIR, LNK = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK
LESS, GREATER, EQUAL = 2, 4, 8


@dataclass(frozen=True)
class File:
    """`content` of a regular file; `target` makes it a link, `mode` with S_IFDIR a folder."""

    path: str
    content: bytes = b""
    mode: int = REG | 0o644
    target: str = ""
    owner: str = "root"
    flags: int = 0
    caps: str = ""
    inode: int = 0
    time: int = 1

    @property
    def full_mode(self) -> int:
        return LNK | 0o777 if self.target else self.mode


@dataclass(frozen=True)
class Package:
    """`provides` and `requires`: (name, flags, version); what rpmbuild adds by itself is not added here."""

    name: str = "zlib"
    version: str = "1.3"
    release: str = "1"
    epoch: int = 0
    arch: str = "x86_64"
    files: tuple[File, ...] = ()
    provides: tuple[tuple[str, int, str], ...] = ()
    requires: tuple[tuple[str, int, str], ...] = ()
    post: str = ""
    build_time: int = 1
    build_host: str = "localhost"
    stripped: bool = False
    packed: bool = True
    digest_algorithm: int = 8
    extra: dict[int, tuple[int, list[object]]] = field(default_factory=dict)


def write(package: Package, path: Path) -> Path:
    """The file, with a valid header; nothing is signed."""
    header = _header(_tags(package))
    payload = _cpio(package)
    lead = struct.pack(">4sBBHH66sHH16x", b"\xed\xab\xee\xdb", 3, 0, 0, 1, package.name.encode(), 1, 5)
    path.write_bytes(
        lead + _header({1000: (4, [len(header)])}, pad=True) + header
        + (zstandard.ZstdCompressor().compress(payload) if package.packed else payload)
    )  # fmt: skip
    return path


def _tags(package: Package) -> dict[int, tuple[int, list[object]]]:
    files = package.files
    folders = sorted({file.path.rpartition("/")[0] + "/" for file in files})
    tags: dict[int, tuple[int, list[object]]] = {
        1000: (6, [package.name]),
        1001: (6, [package.version]),
        1002: (6, [package.release]),
        1006: (4, [package.build_time]),
        1007: (6, [package.build_host]),
        1022: (6, [package.arch]),
        1044: (6, [f"{package.name}-{package.version}-{package.release}.src.rpm"]),
        1124: (6, ["cpio"]),
        1125: (6, ["zstd"]),
        5011: (4, [package.digest_algorithm]),
    }
    if package.epoch:
        tags[1003] = (4, [package.epoch])
    if package.post:
        tags |= {1024: (6, [package.post]), 1086: (6, ["/bin/sh"])}
    for entries, numbers in ((package.provides, (1047, 1112, 1113)), (package.requires, (1049, 1048, 1050))):
        if entries:
            names, flags, versions = zip(*entries, strict=True)
            tags |= {numbers[0]: (8, [*names]), numbers[1]: (4, [*flags]), numbers[2]: (8, [*versions])}
    if files:
        tags |= {
            1028: (4, [len(file.content) for file in files]),
            1030: (3, [file.full_mode for file in files]),
            1033: (3, [0] * len(files)),
            1034: (4, [file.time for file in files]),
            1035: (8, [_digest(file) for file in files]),
            1036: (8, [file.target for file in files]),
            1037: (4, [file.flags for file in files]),
            1039: (8, [file.owner for file in files]),
            1040: (8, ["root" for _ in files]),
            1045: (4, [0xFFFFFFFF] * len(files)),
            1095: (4, [1] * len(files)),
            1096: (4, [file.inode or place for place, file in enumerate(files, 1000)]),
            1097: (8, ["" for _ in files]),
            1116: (4, [folders.index(file.path.rpartition("/")[0] + "/") for file in files]),
            1117: (8, [file.path.rpartition("/")[2] for file in files]),
            1118: (8, list(folders)),
            5010: (8, [file.caps for file in files]),
        }
    return tags | package.extra


def _digest(file: File) -> str:
    regular = stat.S_ISREG(file.full_mode) and not file.flags & 64
    return hashlib.sha256(file.content).hexdigest() if regular else ""


def _header(tags: dict[int, tuple[int, list[object]]], *, pad: bool = False) -> bytes:
    index, data = bytearray(), bytearray()
    for tag, (kind, values) in sorted(tags.items()):
        width = {3: 2, 4: 4, 5: 8}.get(kind, 1)
        data += b"\0" * (-len(data) % width)
        index += struct.pack(">IIII", tag, kind, len(data), len(values))
        if kind in (6, 8, 9):
            data += b"".join(str(value).encode("utf-8", "surrogateescape") + b"\0" for value in values)
        else:
            data += struct.pack(f">{len(values)}{'HIQ'[kind - 3]}", *values)
    block = b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", len(tags), len(data)) + bytes(index) + bytes(data)
    return block + b"\0" * (-len(block) % 8 if pad else 0)


def _cpio(package: Package) -> bytes:
    """newc, or rpm's own form for large files; of a file with several names the last one carries the content."""
    out = bytearray()
    last = {file.inode: number for number, file in enumerate(package.files) if file.inode}
    for number, file in enumerate(package.files):
        if file.flags & 64:
            continue
        content = file.target.encode() or file.content
        if file.inode and last[file.inode] != number:
            content = b""
        if package.stripped:
            out += b"07070X" + f"{number:08x}".encode() + b"\0\0"
        else:
            out += _entry(
                f".{file.path}".encode("utf-8", "surrogateescape"), file.full_mode, file.inode or number, len(content)
            )
        out += content + b"\0" * (-len(content) % 4)
    return bytes(out + _entry(b"TRAILER!!!", 0, 0, 0))


def _entry(name: bytes, mode: int, inode: int, size: int) -> bytes:
    numbers = (inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name) + 1, 0)
    entry = b"070701" + b"".join(f"{number:08x}".encode() for number in numbers) + name + b"\0"
    return entry + b"\0" * (-len(entry) % 4)
