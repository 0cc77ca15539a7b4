"""Shared libraries: what they offer, as a second reader sees it too, and files that are none."""

from __future__ import annotations

import contextlib
import io
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rpm import elf_file
from tests.rpm.elf_file import LOCAL, OBJECT, TLS, WEAK, SharedLibrary, Symbol

from boatyard.rpm.elf import Library, read_library

SYMBOLS = (
    Symbol("inflate", version="ZLIB_1"),
    Symbol("inflate", version="ZLIB_0", hidden=True),
    Symbol("table", OBJECT, version="ZLIB_1", size=8),
    Symbol("errors", TLS, size=4),
    Symbol("weakling", binding=WEAK),
    Symbol("chosen", kind=10),
    Symbol("mine", binding=LOCAL),
    Symbol("inner", visibility=2),
    Symbol("malloc", defined=False),
)
DATA = elf_file.write(SharedLibrary(symbols=SYMBOLS, run_path="/opt/lib"))


def test_what_a_library_offers() -> None:
    assert read_library(DATA) == Library(
        machine="62 64 little-endian",
        soname="libz.so.1",
        needed=("libc.so.6",),
        run_path=("/opt/lib",),
        symbols=(
            "chosen ifunc",
            "errors tls 4",
            "inflate@@ZLIB_1 function",
            "inflate@ZLIB_0 function",
            "table@@ZLIB_1 object 8",
            "weakling function weak",
        ),
    )


def by_pyelftools(data: bytes) -> set[str]:
    """The exported names with their versions, read by the library that most tools in Python use."""
    elf = ELFFile(io.BytesIO(data))
    sections = {section["sh_type"]: section for section in elf.iter_sections()}
    table, numbers = sections["SHT_DYNSYM"], sections.get("SHT_GNU_versym")
    definitions = sections.get("SHT_GNU_verdef")
    versions = {v["vd_ndx"]: next(aux).name for v, aux in definitions.iter_versions()} if definitions else {}
    names = set()
    for place, symbol in enumerate(table.iter_symbols()):
        number = numbers.get_symbol(place)["ndx"] if numbers else 0
        number = number if isinstance(number, int) else 0
        version = versions.get(number & 0x7FFF, "") if number & 0x7FFF > 1 else ""
        offered = symbol["st_info"]["bind"] != "STB_LOCAL" and symbol["st_shndx"] != "SHN_UNDEF"
        if offered and symbol["st_other"]["visibility"] in ("STV_DEFAULT", "STV_PROTECTED"):
            names.add(symbol.name + (("@" if number & 0x8000 else "@@") + version if version else ""))
    return names


def host_libraries() -> list[Path]:
    """Shared libraries that this very process has loaded."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
    found = {Path(line.split(maxsplit=5)[5]) for line in lines if ".so" in line and line.count("/")}
    return sorted(path for path in found if path.is_file())[:12]


def test_a_second_reader_agrees() -> None:
    compared = 0
    for data in (DATA, *(path.read_bytes() for path in host_libraries())):
        try:
            library = read_library(data)
        except ValueError:
            continue  # without section headers
        assert {symbol.split(" ")[0] for symbol in library.symbols} == by_pyelftools(data)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF",
        b"!<arch>\n" * 20,
        DATA[:64],
        DATA[:-100],
        elf_file.write(SharedLibrary(kind=2)),
        DATA[:40] + struct.pack("<Q", 1 << 60) + DATA[48:],
        DATA[:40] + struct.pack("<Q", 0) + DATA[48:],
        DATA[:60] + struct.pack("<H", 0xFFFF) + DATA[62:],
    ],
    ids=["empty", "magic", "ar", "head", "cut", "program", "far away", "no sections", "many sections"],
)
def test_no_library(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_library(data)


def test_names_that_overlap_are_refused() -> None:
    """Each symbol names the same long string: little to store, much to write down."""
    long = "x" * 60_000
    symbols = (Symbol(long), *(Symbol("y") for _ in range(500)))
    data = bytearray(elf_file.write(SharedLibrary(symbols=symbols)))
    table = data.index(struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0, 16))
    for number in range(len(symbols)):
        data[table + 24 * number : table + 24 * number + 4] = struct.pack("<I", 1)
    with pytest.raises(ValueError, match="overlap"):
        read_library(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_damage_ends_in_value_error(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(DATA)
    for place, piece in changes:
        data[place : place + len(piece)] = piece
    with contextlib.suppress(ValueError):
        assert isinstance(read_library(bytes(data)), Library)


def test_code_does_not_show() -> None:
    one, other = SharedLibrary(symbols=SYMBOLS), SharedLibrary(symbols=SYMBOLS, code=b"\xc3" * 9000)
    assert read_library(elf_file.write(one)) == read_library(elf_file.write(other))
    assert read_library(elf_file.write(one)) != read_library(elf_file.write(replace(one, symbols=SYMBOLS[1:])))
