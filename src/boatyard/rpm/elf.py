"""What a shared library offers to programs that are linked against it (System V gABI chapters 4 and 5, GNU versions).

Read from the section headers, which no stripping of a distribution removes. Every offset and count is checked against
the file: a hostile one ends in ValueError, after no more work than its size explains.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ET_DYN = 3
SHT_DYNAMIC, SHT_DYNSYM, SHT_VERDEF, SHT_VERSYM = 6, 11, 0x6FFFFFFD, 0x6FFFFFFF
DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 14, 15, 29
MAX_SECTIONS, MAX_TAGS, MAX_NAME = 10_000, 10_000, 1 << 16
HIDDEN, UNVERSIONED = 0x8000, 2  # bit of a version that is not the default one; numbers below 2 name no version
BINDINGS = {1: "", 2: "weak", 10: "unique"}  # local symbols are nobody else's
TYPES = {0: "notype", 1: "object", 2: "function", 5: "common", 6: "tls", 10: "ifunc"}
VISIBLE = (0, 3)  # default and protected
# A program may hold a copy of a variable, made in the size it had when the program was linked (R_*_COPY).
SIZED = ("object", "common", "tls")


@dataclass(frozen=True, slots=True)
class Library:
    """`symbols`: those that others can be linked to, as `name@@version type [binding] [size]`, sorted."""

    machine: str
    soname: str
    needed: tuple[str, ...]
    run_path: tuple[str, ...]
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    offset: int
    size: int
    link: int
    info: int


class _Elf:
    """The data of one file, with its byte order and word size."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != b"\x7fELF" or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ValueError("not an ELF file")
        self.data = data
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        self.kind, machine = self.unpack("HH", 16)
        self.machine = f"{machine} {64 if self.wide else 32} {'little' if self.order == '<' else 'big'}-endian"
        start = self.unpack("Q" if self.wide else "I", 40 if self.wide else 32)[0]
        entry, count = self.unpack("HH", 58 if self.wide else 46)
        if start == 0 or not 0 < count <= MAX_SECTIONS or entry < (64 if self.wide else 40):
            raise ValueError("no section headers")
        self.sections = [self._section(start + number * entry) for number in range(count)]

    def unpack(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, self.data, at)

    def only(self, kind: int) -> _Section | None:
        return next((section for section in self.sections if section.kind == kind), None)

    def rows(self, section: _Section, form: str) -> Iterator[tuple[int, ...]]:
        row = struct.Struct(self.order + form)
        data = self.content(section)
        return row.iter_unpack(data[: len(data) - len(data) % row.size])

    def content(self, section: _Section) -> bytes:
        return self.data[section.offset : section.offset + section.size]

    def strings(self, section: _Section) -> bytes:
        """The strings that a section's numbers point into."""
        if section.link >= len(self.sections):
            raise ValueError("no strings")
        return self.content(self.sections[section.link])

    def _section(self, at: int) -> _Section:
        if self.wide:
            _, kind, _, _, offset, size, link, info = self.unpack("IIQQQQII", at)
        else:
            _, kind, _, _, offset, size, link, info = self.unpack("IIIIIIII", at)
        if kind != 8 and offset + size > len(self.data):  # 8: bss takes no room in the file
            raise ValueError("a section lies outside of the file")
        return _Section(kind, offset, size, link, info)


def read_library(data: bytes) -> Library:
    """What a shared object offers; ValueError when it is none, or has no section headers to tell by."""
    try:
        elf = _Elf(data)
        dynamic, table = elf.only(SHT_DYNAMIC), elf.only(SHT_DYNSYM)
        if elf.kind != ET_DYN or dynamic is None or table is None:
            raise ValueError("not a shared library")
        words = _dynamic(elf, dynamic)
        return Library(
            machine=elf.machine,
            soname=next(iter(words.get(DT_SONAME, ())), ""),
            needed=tuple(words.get(DT_NEEDED, ())),
            run_path=(*words.get(DT_RPATH, ()), *words.get(DT_RUNPATH, ())),
            symbols=tuple(sorted(_symbols(elf, table))),
        )
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError("not a whole ELF file") from error


def _dynamic(elf: _Elf, section: _Section) -> dict[int, list[str]]:
    strings = elf.strings(section)
    words: dict[int, list[str]] = {}
    for count, (tag, value) in enumerate(elf.rows(section, "QQ" if elf.wide else "II")):
        if tag == 0 or count > MAX_TAGS:
            break
        if tag in (DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH):
            words.setdefault(tag, []).append(_text(strings, value))
    return words


def _symbols(elf: _Elf, table: _Section) -> Iterator[str]:
    strings = elf.strings(table)
    versions = _versions(elf)
    numbers = elf.only(SHT_VERSYM)
    version_of = [number for (number,) in elf.rows(numbers, "H")] if numbers else []
    left = 2 * len(elf.data)  # names may share their ends, yet no file makes us write its strings over and over
    for place, row in enumerate(elf.rows(table, "IBBHQQ" if elf.wide else "IIIBBH")):
        name, info, other, where, size = (
            (row[0], row[1], row[2], row[3], row[5]) if elf.wide else (row[0], row[3], row[4], row[5], row[2])
        )
        if where == 0 or info >> 4 not in BINDINGS or other & 3 not in VISIBLE:
            continue
        kind = TYPES.get(info & 15, str(info & 15))
        number = version_of[place] if place < len(version_of) else 0
        version = versions.get(number & ~HIDDEN, "")
        words = [_text(strings, name) + (("@" if number & HIDDEN else "@@") + version if version else ""), kind]
        left -= len(words[0])
        if left < 0:
            raise ValueError("its names overlap")
        words += [BINDINGS[info >> 4]] if BINDINGS[info >> 4] else []
        words += [str(size)] if kind in SIZED else []
        yield " ".join(words)


def _versions(elf: _Elf) -> dict[int, str]:
    """The names of the versions that a library defines, by their numbers."""
    section = elf.only(SHT_VERDEF)
    if section is None:
        return {}
    strings, data = elf.strings(section), elf.content(section)
    versions: dict[int, str] = {}
    place = 0
    for _ in range(min(section.info, len(data) // 20)):
        _, _, number, _, _, names, following = struct.unpack_from(elf.order + "HHHHIII", data, place)
        (name,) = struct.unpack_from(elf.order + "I", data, place + names)
        if number >= UNVERSIONED:
            versions[number] = _text(strings, name)
        if following == 0:
            break
        place += following
    return versions


def _text(strings: bytes, place: int) -> str:
    end = strings.find(b"\0", place, place + MAX_NAME)
    if place >= len(strings) or end < 0:
        raise ValueError("a name does not end")
    return strings[place:end].decode("utf-8", "surrogateescape")
