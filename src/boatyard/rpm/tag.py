"""The tags of an RPM file's header, read without librpm: whatever a hostile file states is checked against its size.

Format: lead (96 bytes), signature header (padded to 8 bytes), header, payload. A header is a magic number, the count
of its index entries and the size of its data, big-endian; an entry is tag, type, offset and count
(rpm's docs/manual/format_v4.md; the bounds are those of rpm's lib/header.c).
"""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

from boatyard.base.error import BuildError

if TYPE_CHECKING:
    from pathlib import Path

LEAD_MAGIC, HEADER_MAGIC = b"\xed\xab\xee\xdb", b"\x8e\xad\xe8\x01"
LEAD, INTRO, ENTRY = 96, 16, 16
MAX_ENTRIES, MAX_DATA = 0xFFFF, 256 << 20
MAX_VALUES = 4 << 20  # of one tag: each is an object in memory, however small it is in the file
_NUMBERS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q"}
_STRINGS = (6, 8, 9)
_BINARY = 7

Value = tuple[int, ...] | tuple[str, ...]


class Tags:
    """The values of one header by tag number. `payload`: the offset of the payload in the file, in bytes."""

    def __init__(self, values: dict[int, Value], payload: int) -> None:
        self._values = values
        self.payload = payload

    def strings(self, tag: int) -> tuple[str, ...]:
        """The strings of a tag, one or many; empty when it is missing. Bytes that are no UTF-8 become surrogates."""
        return tuple(value for value in self._values.get(tag, ()) if isinstance(value, str))

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The numbers of a tag, unsigned; empty when it is missing."""
        return tuple(value for value in self._values.get(tag, ()) if isinstance(value, int))

    def text(self, tag: int) -> str:
        """The first string of a tag; empty when it is missing."""
        return next(iter(self.strings(tag)), "")

    def number(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        return next(iter(self.numbers(tag)), default)

    def value(self, tag: int) -> Value:
        """All the values of a tag, whatever they are."""
        return self._values.get(tag, ())


def read_tags(path: Path) -> Tags:
    """The tags of the main header of an RPM file; BuildError when it is none, or a damaged one."""
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            if not stream.read(LEAD).startswith(LEAD_MAGIC):
                raise ValueError("it has no lead")
            _, length = _read_block(stream, size)
            stream.seek(-length % 8, 1)
            values, _ = _read_block(stream, size)
            return Tags(_decoded(*values), stream.tell())
    except (ValueError, struct.error) as error:
        raise BuildError(f"{path} is not an RPM: {error}") from error


def _read_block(stream: IO[bytes], size: int) -> tuple[tuple[bytes, bytes], int]:
    """Index and data of the header that starts here, and its length in bytes."""
    magic, count, length = struct.unpack(">4s4xII", stream.read(INTRO))
    if magic != HEADER_MAGIC:
        raise ValueError("it has no header where one belongs")
    if count > MAX_ENTRIES or length > MAX_DATA or stream.tell() + count * ENTRY + length > size:
        raise ValueError("its header states more than there is")
    return (stream.read(count * ENTRY), stream.read(length)), INTRO + count * ENTRY + length


def _decoded(index: bytes, data: bytes) -> dict[int, Value]:
    values: dict[int, Value] = {}
    left = 2 * len(data) + len(index)  # entries may overlap: no file makes us decode its data many times over
    for tag, kind, offset, count in struct.iter_unpack(">IIII", index):
        if offset > len(data) or count > len(data) or (kind != _BINARY and count > MAX_VALUES):
            raise ValueError(f"tag {tag} lies outside of the header")
        if kind in _STRINGS:
            texts, end = _texts(data, offset, 1 if kind == _STRINGS[0] else count)
            values[tag] = texts
        elif kind in _NUMBERS:
            form = f">{count}{_NUMBERS[kind]}"
            end = offset + struct.calcsize(form)
            values[tag] = struct.unpack_from(form, data, offset)
        elif kind == _BINARY:
            end = offset + count
            values[tag] = (data[offset:end].hex(),)
        else:
            continue  # a type that is not known carries nothing that is asked for
        left -= end - offset
        if left < 0:
            raise ValueError("its tags overlap")
    return values


def _texts(data: bytes, offset: int, count: int) -> tuple[tuple[str, ...], int]:
    texts = []
    for _ in range(count):
        end = data.find(b"\0", offset)
        if end < 0:
            raise ValueError("a string does not end")
        texts.append(data[offset:end].decode("utf-8", "surrogateescape"))
        offset = end + 1
    return tuple(texts), offset
