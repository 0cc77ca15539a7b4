"""Tar streams, read and written without the standard library's tarfile: small, strict and the same on every Python.

Read: v7, ustar, GNU long names and pax headers; sparse files and whatever else rarely means well are refused. Written:
GNU format with all that varies left out, the bytes Go's archive/tar writes for the same files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from boatyard.base.error import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 512
END = b"\0" * (2 * BLOCK)
MAX_HEADER_DATA = 1 << 20
_KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"1": "hardlink", b"2": "symlink", b"5": "dir"}
_SPECIAL = {b"3": "a character device", b"4": "a block device", b"6": "a named pipe", b"S": "a sparse file"}
_PAX_RECORD = re.compile(rb"(\d{1,20}) ([^=]{1,255})=")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One entry: kind is file, dir, symlink or hardlink; `link` is where a link points; `mode` the permission bits."""

    name: str
    kind: str
    mode: int
    size: int = 0
    link: str = ""


class Data:
    """The content of the member just read; what the caller leaves unread is skipped."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self.left = size

    def read(self, size: int, /) -> bytes:
        if not self.left:
            return b""
        block = self._stream.read(min(size, self.left))
        if not block:
            raise SourceError("the archive ends in the middle of a file")
        self.left -= len(block)
        return block


def read_members(stream: Readable) -> Iterator[tuple[Member, Data]]:
    """Every member with its content, which must be read before the next; SourceError for what is no tar archive."""
    overrides: dict[str, str] = {}
    while (header := _block(stream)) is not None:
        kind, size = header[156:157], _number(header[124:136])
        if kind in b"LKxg":
            overrides |= _overrides(kind, _header_data(stream, size))
            continue
        member = _member(header, kind, size, overrides)
        overrides = {}
        data = Data(stream, member.size)
        padding = -member.size % BLOCK
        yield member, data
        while data.left:
            data.read(1 << 16)
        _exactly(stream, padding)


def write_tar(stream: Writable, member: Member, data: Readable | None = None) -> None:
    """Appends one member; no owner, no times."""
    name = member.name + ("/" if member.kind == "dir" else "")
    for kind, text in ((b"K", member.link), (b"L", name)):
        raw = text.encode("utf-8", "surrogateescape")
        if len(raw) > 100:
            stream.write(_header(b"././@LongLink", kind, len(raw) + 1, device=b""))
            stream.write(_padded(raw + b"\0"))
    type_flag = {"file": b"0", "symlink": b"2", "dir": b"5"}[member.kind]
    stream.write(_header(_raw(name), type_flag, member.size, mode=member.mode, link=_raw(member.link)))
    left = member.size
    while left and data is not None:
        block = data.read(min(left, 1 << 16))
        if not block:
            raise SourceError(f"{member.name} became shorter while it was packed")
        stream.write(block)
        left -= len(block)
    stream.write(b"\0" * (-member.size % BLOCK))


def _member(header: bytes, kind: bytes, size: int, overrides: dict[str, str]) -> Member:
    name = overrides.get("path") or _name(header)
    if any(key.startswith("GNU.sparse") for key in overrides):
        kind = b"S"
    if kind not in _KINDS:
        what = _SPECIAL.get(kind, f"an entry of type {kind!r}")
        raise SourceError(f"{name!r} is {what}", hint="only files, folders and links are unpacked")
    found = _KINDS[kind]
    if found == "file" and name.endswith("/"):
        found = "dir"  # as the first tar programs wrote folders
    if found == "file" and "size" in overrides:
        size = _pax_size(overrides["size"])
    link = overrides.get("linkpath") or _text(header[157:257])
    mode = _number(header[100:108]) & 0o7777
    return Member(name, found, mode, size if found == "file" else 0, link if found in ("symlink", "hardlink") else "")


def _block(stream: Readable) -> bytes | None:
    """The next header; None at the end, which is a block of zeros or the end of the stream."""
    header = _upto(stream, BLOCK)
    if not header or header == b"\0" * BLOCK:
        return None
    if len(header) < BLOCK:
        raise SourceError("the archive ends in the middle of a header")
    stated = _number(header[148:156])
    if stated != sum(header[:148]) + 8 * ord(" ") + sum(header[156:]):
        raise SourceError("this is no tar archive, or it is damaged: the checksum of a header is wrong")
    return header


def _number(field: bytes) -> int:
    """An octal number, or GNU's base 256; never negative."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:])
        if field[0] & 0x40 or value >= 1 << 62:
            raise SourceError("the archive states a number that cannot be")
        return value
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    if not re.fullmatch(rb"[0-7]+", digits):
        raise SourceError("this is no tar archive, or it is damaged: a number is not octal")
    return int(digits, 8)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _header_data(stream: Readable, size: int) -> bytes:
    if size > MAX_HEADER_DATA:
        raise SourceError(f"the archive has a header of {size} bytes")
    data = _exactly(stream, size)
    _exactly(stream, -size % BLOCK)
    return data


def _overrides(kind: bytes, data: bytes) -> dict[str, str]:
    """What a header says about the next member; a global pax header says nothing that matters here."""
    if kind == b"L":
        return {"path": _text(data)}
    if kind == b"K":
        return {"linkpath": _text(data)}
    return _pax(data) if kind == b"x" else {}


def _pax(data: bytes) -> dict[str, str]:
    """The records `LENGTH KEY=VALUE\\n` of a pax header."""
    found, position = {}, 0
    while position < len(data):
        match = _PAX_RECORD.match(data, position)
        end = position + int(match[1]) if match else 0
        if match is None or end > len(data) or end <= match.end() or data[end - 1 : end] != b"\n":
            raise SourceError("the archive has a malformed pax header")
        found[match[2].decode("utf-8", "surrogateescape")] = data[match.end() : end - 1].decode(
            "utf-8", "surrogateescape"
        )
        position = end
    return found


def _pax_size(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise SourceError("the archive states a size that cannot be")
    return int(text)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _exactly(stream: Readable, size: int) -> bytes:
    data = _upto(stream, size)
    if len(data) < size:
        raise SourceError("the archive ends too early")
    return data


def _upto(stream: Readable, size: int) -> bytes:
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")[:100]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % BLOCK)


def _header(
    name: bytes, kind: bytes, size: int, *, mode: int = 0, link: bytes = b"", device: bytes = b"0000000\0"
) -> bytes:
    """A GNU header. `device`: Go writes zeros there for members, and nothing for the long names before them."""
    octal = b"%07o\0"
    fields = name.ljust(100, b"\0") + octal % mode + octal % 0 + octal % 0 + _size(size) + b"%011o\0" % 0
    rest = kind + link.ljust(100, b"\0") + b"ustar  \0" + b"\0" * 64 + (device * 2).ljust(16, b"\0")
    checksum = sum(fields) + 8 * ord(" ") + sum(rest)
    return (fields + b"%06o\0 " % checksum + rest).ljust(BLOCK, b"\0")


def _size(size: int) -> bytes:
    return b"%011o\0" % size if size < 1 << 33 else b"\x80" + size.to_bytes(11)
