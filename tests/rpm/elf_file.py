"""Writes small shared libraries: enough of an ELF file to be read by whoever looks at sections."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

FUNCTION, OBJECT, TLS = 2, 1, 6
GLOBAL, WEAK, LOCAL = 1, 2, 0


@dataclass(frozen=True)
class Symbol:
    """`version`: empty for none; `hidden`: not the default version; `defined`: false for one that is only used."""

    name: str
    kind: int = FUNCTION
    version: str = ""
    hidden: bool = False
    binding: int = GLOBAL
    visibility: int = 0
    size: int = 16
    defined: bool = True


@dataclass(frozen=True)
class SharedLibrary:
    """What `write` makes a file of; `code` is what no one who links can see."""

    soname: str = "libz.so.1"
    symbols: tuple[Symbol, ...] = (Symbol("inflate"), Symbol("version", OBJECT, size=8))
    needed: tuple[str, ...] = ("libc.so.6",)
    code: bytes = b"\x90" * 64
    kind: int = 3
    machine: int = 62
    run_path: str = ""


@dataclass
class _Strings:
    data: bytearray = field(default_factory=lambda: bytearray(b"\0"))

    def add(self, text: str) -> int:
        place = len(self.data)
        self.data += text.encode("utf-8", "surrogateescape") + b"\0"
        return place


def write(library: SharedLibrary) -> bytes:
    """A 64-bit little-endian file for x86-64."""
    strings = _Strings()
    versions = sorted({symbol.version for symbol in library.symbols if symbol.version})
    number = {name: place for place, name in enumerate(versions, 2)}
    symbols, numbers = bytearray(24), bytearray(2)
    for symbol in library.symbols:
        info = symbol.binding << 4 | symbol.kind
        where = 1 if symbol.defined else 0
        symbols += struct.pack("<IBBHQQ", strings.add(symbol.name), info, symbol.visibility, where, 0, symbol.size)
        numbers += struct.pack("<H", number.get(symbol.version, 1) | (0x8000 if symbol.hidden else 0))
    definitions = bytearray()
    for place, name in enumerate([library.soname, *versions], 1):
        following = 28 if place <= len(versions) else 0
        definitions += struct.pack("<HHHHIII", 1, 1 if place == 1 else 0, place, 1, 0, 20, following)
        definitions += struct.pack("<II", strings.add(name), 0)
    words = [(1, strings.add(name)) for name in library.needed]
    words += [(14, strings.add(library.soname))] if library.soname else []
    words += [(29, strings.add(library.run_path))] if library.run_path else []
    dynamic = b"".join(struct.pack("<QQ", *word) for word in [*words, (0, 0)])
    sections = [  # kind, data, link, info, size of an entry
        (0, b"", 0, 0, 0),
        (1, library.code, 0, 0, 0),
        (11, bytes(symbols), 3, 1, 24),
        (3, bytes(strings.data), 0, 0, 0),
        (6, dynamic, 3, 0, 16),
        (0x6FFFFFFF, bytes(numbers), 2, 0, 2),
        (0x6FFFFFFD, bytes(definitions), 3, len(versions) + 1, 0),
    ]
    body, headers = bytearray(), bytearray()
    for kind, data, link, info, entry in sections:
        headers += struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, 64 + len(body), len(data), link, info, 8, entry)
        body += data + b"\0" * (-len(data) % 8)
    ident = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    start = 64 + len(body)
    head = struct.pack(
        "<HHIQQQIHHHHHH", library.kind, library.machine, 1, 0, 0, start, 0, 64, 0, 0, 64, len(sections), 0
    )
    return ident + head + bytes(body) + bytes(headers)
