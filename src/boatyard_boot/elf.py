"""What an ELF program needs to run: its interpreter and shared libraries (System V gABI, chapters 4 and 5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard_boot.error import BootError
from boatyard_boot.tree import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RUNPATH, DT_RPATH = 1, 5, 29, 15
MAX_HEADERS = 1000
# The dynamic loader's own search path: Fedora's, then Debian's (multiarch).
LIBRARY_DIRS = (
    "usr/lib64", "usr/lib", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needs:
    """`interpreter` is empty for a static program or a library."""

    interpreter: str = ""
    libraries: tuple[str, ...] = ()
    run_path: tuple[str, ...] = ()


def needs(data: bytes) -> Needs:
    """What a 64-bit little-endian ELF file asks for; ValueError when it is no such file."""
    try:
        return _needs(data)
    except (struct.error, IndexError) as error:
        raise ValueError("not a whole ELF file") from error


def _needs(data: bytes) -> Needs:
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    table, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    if count > MAX_HEADERS or size < 56:
        raise ValueError("not a whole ELF file")
    headers = [struct.unpack_from("<IIQQQQ", data, table + size * index) for index in range(count)]
    interpreter = ""
    dynamic: list[tuple[int, int]] = []
    for kind, _, offset, _, _, length in headers:
        if kind == PT_INTERP:
            interpreter = data[offset : offset + length].rstrip(b"\0").decode()
        elif kind == PT_DYNAMIC:
            dynamic = [struct.unpack_from("<QQ", data, offset + at) for at in range(0, length - 15, 16)]
    values = dict(reversed(dynamic))
    if DT_STRTAB not in values:
        return Needs(interpreter)
    address = values[DT_STRTAB]
    strings = next(
        offset + address - start
        for kind, _, offset, start, _, length in headers
        if kind == PT_LOAD and start <= address < start + length
    )
    path = (
        _string(data, strings + values.get(DT_RUNPATH, values.get(DT_RPATH, -1)))
        if (DT_RUNPATH in values or DT_RPATH in values)
        else ""
    )
    libraries = tuple(_string(data, strings + value) for tag, value in dynamic if tag == DT_NEEDED)
    return Needs(interpreter, libraries, tuple(filter(None, path.split(":"))))


def _string(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()


def closure(root: Path, programs: Iterable[str]) -> dict[str, Path]:
    """Programs of a root with all they need: names as seen inside (below usr/) to the files; BootError names a gap."""
    found: dict[str, Path] = {}
    todo = [program.lstrip("/") for program in programs]
    while todo:
        name = _merged(todo.pop())
        if name in found:
            continue
        file = resolve(root, name)
        if not file.is_file():
            raise BootError(f"the root file system has no /{name}, which the initrd needs")
        found[name] = file
        try:
            wants = needs(file.read_bytes())
        except ValueError as error:
            raise BootError(f"/{name}: {error}") from error
        if wants.interpreter:
            todo.append(wants.interpreter.lstrip("/"))
        todo.extend(_library(root, library, wants, name) for library in wants.libraries)
    return found


def _merged(name: str) -> str:
    """The name below usr/, which is where an initrd keeps everything (bin, sbin and lib are links)."""
    return name if name.startswith("usr/") else f"usr/{name}"


def _library(root: Path, library: str, wants: Needs, program: str) -> str:
    origin = program.rpartition("/")[0]
    folders = [path.replace("$ORIGIN", f"/{origin}").lstrip("/") for path in wants.run_path]
    for folder in (*folders, *LIBRARY_DIRS):
        if resolve(root, f"{folder}/{library}").is_file():
            return f"{folder}/{library}"
    raise BootError(f"/{program} needs {library}, which is not in the root file system")
