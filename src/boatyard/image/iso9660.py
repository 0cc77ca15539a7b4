"""Reads ISO 9660 volumes with Rock Ridge names, of which nothing is believed: no file lies outside of the volume.

The rules are those of ECMA-119 (clauses 8.4, 9.1), SUSP 1.12 (CE) and RRIP 1.12 (NM).
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from boatyard.base.error import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTOR = 2048
DESCRIPTOR_AT = 16 * SECTOR
GPT_AT, GPT_GUID_AT = 512, 56
DIRECTORY, MORE_EXTENTS = 0x02, 0x80
CONTINUES = 0x01  # of an NM entry: the name goes on in the next one
# More than any medium of ours needs, less than would make reading take long.
MAX_FILES, MAX_DEPTH, MAX_FOLDER, MAX_AREAS = 20_000, 16, 16 << 20, 32


@dataclass(frozen=True, slots=True)
class IsoFile:
    """A file's place in the volume: pairs of offset and length, in bytes."""

    extents: tuple[tuple[int, int], ...]

    @property
    def size(self) -> int:
        return sum(length for _, length in self.extents)


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume's label, the date of its last change (16 digits: YYYYMMDDhhmmsscc), its GPT's identity, its files.

    `gpt_id` is None without a GPT. `files` are by path, as in `live/root.squashfs`.
    """

    path: Path
    label: str
    changed: str
    gpt_id: uuid.UUID | None
    files: dict[str, IsoFile]

    def read(self, name: str, limit: int) -> bytes | None:
        """A file's content; None when it is not there. ImageError when it has more than `limit` bytes."""
        file = self.files.get(name)
        if file is None:
            return None
        if file.size > limit:
            raise ImageError(f"{name} in {self.path} has {file.size} bytes, more than it can have")
        with self.path.open("rb") as stream:
            return b"".join(_pieces(stream, file))

    def sha256(self, name: str) -> str:
        """The digest of a file that is there."""
        digest = hashlib.sha256()
        with self.path.open("rb") as stream:
            for piece in _pieces(stream, self.files[name]):
                digest.update(piece)
        return digest.hexdigest()


def read_volume(path: Path) -> Volume:
    """What is on an ISO; ImageError when it is none, or damaged."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        head = _at(stream, DESCRIPTOR_AT, SECTOR)
        if head[:7] != b"\x01CD001\x01":
            raise ImageError(f"{path} is not an ISO image")
        gpt = _at(stream, GPT_AT, GPT_GUID_AT + 16)
        gpt_id = uuid.UUID(bytes_le=gpt[GPT_GUID_AT:]) if gpt.startswith(b"EFI PART") else None
        try:
            files = dict(_Reader(stream, size).walk(head[156:190]))
        except (ValueError, IndexError, RecursionError) as error:
            raise ImageError(f"the ISO image {path} is damaged: {error}", hint="get it again") from error
    label = head[40:72].decode("ascii", "replace").rstrip()
    return Volume(path, label, head[830:846].decode("ascii", "replace"), gpt_id, files)


class _Reader:
    """Walks a volume of `size` bytes."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size
        self._left = MAX_FILES

    def walk(self, record: bytes, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, IsoFile]]:
        """The files below the folder of a directory record."""
        if depth > MAX_DEPTH:
            raise ValueError("folders are nested too deeply")
        extents: list[tuple[int, int]] = []
        for entry in self._entries(record):
            self._left -= 1
            if self._left < 0:
                raise ValueError("there are too many files")
            name = self._name(entry)
            if entry[25] & DIRECTORY:
                yield from self.walk(entry, f"{prefix}{name}/", depth + 1)
                continue
            extents.append(self._extent(entry))
            if not entry[25] & MORE_EXTENTS:
                yield f"{prefix}{name}", IsoFile(tuple(extents))
                extents = []

    def _entries(self, folder: bytes) -> Iterator[bytes]:
        """The records in a folder but for those of itself and its parent."""
        start, length = self._extent(folder)
        if length > MAX_FOLDER:
            raise ValueError("a folder is too big")
        data = _at(self._stream, start, length)
        position = 0
        while position < length:
            size = data[position]
            if size == 0:  # no record crosses a sector's border
                position = (position // SECTOR + 1) * SECTOR
                continue
            record = data[position : position + size]
            if size < 34 or len(record) < size or 33 + record[32] > size:
                raise ValueError("a directory record is cut")
            position += size
            if record[33 : 33 + record[32]] not in (b"\0", b"\1"):
                yield record

    def _extent(self, record: bytes) -> tuple[int, int]:
        start = int.from_bytes(record[2:6], "little") * SECTOR
        length = int.from_bytes(record[10:14], "little")
        if start + length > self._size:
            raise ValueError("a file reaches past the end")
        return start, length

    def _name(self, record: bytes) -> str:
        """The Rock Ridge name, or what ISO 9660 has for it, without version."""
        plain = record[33 : 33 + record[32]]
        area = record[33 + record[32] + (1 - record[32] % 2) :]
        name, found = b"", False
        for signature, data in self._system_use(area):
            if signature == b"NM":
                found = True
                name += data[1:]
                if not data[:1] or not data[0] & CONTINUES:
                    break
        text = (name if found else plain.partition(b";")[0]).decode("utf-8", "surrogateescape")
        if text in ("", ".", "..") or "/" in text or "\0" in text:
            raise ValueError("a file has no proper name")
        return text

    def _system_use(self, area: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The entries of a record's system use area and of the areas in which it goes on."""
        for _ in range(MAX_AREAS):
            follows = None
            while len(area) >= 4 and area[2] >= 4:
                signature, data = area[:2], area[4 : area[2]]
                if signature == b"CE" and len(data) >= 24:
                    follows = [int.from_bytes(data[at : at + 4], "little") for at in (0, 8, 16)]
                else:
                    yield signature, data
                area = area[area[2] :]
            if follows is None:
                return
            block, offset, length = follows
            if length > SECTOR or block * SECTOR + offset + length > self._size:
                raise ValueError("a system use area reaches past the end")
            area = _at(self._stream, block * SECTOR + offset, length)
        raise ValueError("system use areas go in a circle")


def _at(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    return stream.read(length)


def _pieces(stream: BinaryIO, file: IsoFile) -> Iterator[bytes]:
    for offset, length in file.extents:
        stream.seek(offset)
        left = length
        while left:
            piece = stream.read(min(left, 1 << 20))
            if not piece:
                raise ImageError("the ISO image became shorter while it was read")
            left -= len(piece)
            yield piece
