"""Reads .debs in memory, as a stream: an ar archive with a control and a data tarball (deb(5)).

A .deb is untrusted even when its digest is right: sizes, counts and depths are bounded, paths cannot leave the root,
only plain files, folders and links are taken, and maintainer scripts are never looked at.
"""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING

from boatyard.base.error import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60
MAX_UNPACKED = 2 << 30
MAX_CONTROL = 16 << 20
MAX_ENTRIES = 100_000
MAX_PATH = 1024
MAX_MTIME = 1 << 32  # rpm keeps 32 bits
MAX_XZ_MEMORY = 256 << 20  # xz -9 needs 65 MiB
MAX_ZSTD_WINDOW = 1 << 27
CHUNK = 1 << 18
MERGED = re.compile(r"/(bin|sbin|lib|lib64)(?=/|$)")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")


class Kind(StrEnum):
    """What an entry is; hard links are read as files."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file, folder or symbolic link. `path` is absolute and /usr-merged; `mtime` in seconds."""

    path: str
    kind: Kind = Kind.FILE
    mode: int = 0o644
    user: str = "root"
    group: str = "root"
    mtime: int = 0
    data: bytes = b""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Deb:
    """What a .deb holds: the stanza of its control file, its configuration files, its entries in archive order."""

    control: dict[str, str]
    conffiles: frozenset[str]
    entries: tuple[Entry, ...]


def read_deb(path: Path, wanted: Callable[[str], bool]) -> Deb:
    """The folders of a .deb and the files that `wanted` does not refuse; SourceError for anything unusual."""
    control: dict[str, bytes] = {}
    entries: tuple[Entry, ...] | None = None
    try:
        with path.open("rb") as stream:
            for name, member in _ar_members(stream):
                if name.startswith("control.tar"):
                    control = _read_control(_decompress(name, member, MAX_CONTROL))
                elif name.startswith("data.tar"):
                    entries = tuple(_read_data(_decompress(name, member, MAX_UNPACKED), wanted))
    except (ValueError, OverflowError, OSError, EOFError, lzma.LZMAError, zlib.error, tarfile.TarError) as error:
        raise SourceError(
            f"{path.name} is not a sound .deb: {error}", hint="remove it and download it again"
        ) from error
    if "control" not in control or entries is None:
        raise SourceError(f"{path.name} is not a .deb: it lacks its control or data archive")
    conffiles = control.get("conffiles", b"").decode("utf-8", "replace").split("\n")
    return Deb(
        control=parse_stanza(control["control"].decode("utf-8", "replace")),
        conffiles=frozenset(line.strip() for line in conffiles if line.startswith("/")),
        entries=entries,
    )


def parse_stanza(text: str) -> dict[str, str]:
    """The fields of one control stanza; continuation lines are joined by newlines, without their first blank."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and last:
            fields[last] += "\n" + line[1:]
        elif ":" in line:
            last, _, value = line.partition(":")
            fields[last] = value.strip()
    return fields


class _Slice:
    """The bytes of one ar member, as a readable stream."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


class _Bounded:
    """A readable stream that refuses to give more than `limit` bytes."""

    def __init__(self, stream: IO[bytes] | _Slice | _Xz | _Zstd, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("it unpacks to more than is allowed")
        return data


class _Xz:
    """A streaming xz reader with a memory limit, which `lzma.open` does not have."""

    def __init__(self, stream: _Slice) -> None:
        self._stream = stream
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)

    def read(self, size: int) -> bytes:
        parts = []
        while size > 0 and not self._xz.eof:
            packed = self._stream.read(CHUNK) if self._xz.needs_input else b""
            if self._xz.needs_input and not packed:
                raise EOFError("it is cut off")
            data = self._xz.decompress(packed, size)
            parts.append(data)
            size -= len(data)
        return b"".join(parts)


class _Zstd:
    """A streaming zstd reader with a limit of its window, whose errors are ValueErrors."""

    def __init__(self, stream: _Slice) -> None:
        import zstandard

        reader = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).stream_reader(stream)  # type: ignore[arg-type]
        self._read = reader.read
        self._error = zstandard.ZstdError

    def read(self, size: int) -> bytes:
        try:
            return self._read(size)
        except self._error as error:
            raise ValueError(str(error)) from error


def _ar_members(stream: IO[bytes]) -> Iterator[tuple[str, _Slice]]:
    if stream.read(len(AR_MAGIC)) != AR_MAGIC:
        raise ValueError("it does not begin as an ar archive")
    position = len(AR_MAGIC)
    while header := stream.read(AR_HEADER):
        if len(header) != AR_HEADER or header[58:] != b"`\n" or not header[48:58].strip().isdigit():
            raise ValueError("damaged ar header")
        size = int(header[48:58])
        yield header[:16].decode("ascii", "replace").rstrip().rstrip("/"), _Slice(stream, size)
        position += AR_HEADER + size + size % 2
        stream.seek(position)


def _decompress(name: str, member: _Slice, limit: int) -> _Bounded:
    suffix = name.rpartition(".")[2]
    if suffix == "xz":
        return _Bounded(_Xz(member), limit)
    if suffix == "zst":
        return _Bounded(_Zstd(member), limit)
    if suffix == "gz":
        return _Bounded(gzip.GzipFile(fileobj=member, mode="rb"), limit)  # type: ignore[call-overload]
    if suffix == "tar":
        return _Bounded(member, limit)
    raise ValueError(f"{name} is compressed in an unknown way")


def _tar_members(stream: _Bounded) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, errors="strict", encoding="utf-8") as tar:  # type: ignore[call-overload]
        for count, member in enumerate(tar):
            if count >= MAX_ENTRIES:
                raise ValueError(f"it holds more than {MAX_ENTRIES} entries")
            tar.members = []  # tarfile remembers every member otherwise
            yield tar, member


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) != member.size:
        raise ValueError(f"{member.name} is cut off")
    return data


def _read_control(stream: _Bounded) -> dict[str, bytes]:
    found = {}
    for tar, member in _tar_members(stream):
        name = member.name.removeprefix("./")
        if name in ("control", "conffiles") and member.isreg():
            found[name] = _content(tar, member)
    return found


def _read_data(stream: _Bounded, wanted: Callable[[str], bool]) -> Iterator[Entry]:
    plain: dict[str, bytes] = {}  # what a hard link may point to
    for tar, member in _tar_members(stream):
        path = clean_path(member.name)
        if path == "/":
            continue
        if member.issparse() or not 0 <= member.mtime < MAX_MTIME:
            raise ValueError(f"{path} is sparse or has no date")
        if member.issym():
            kind, data = Kind.LINK, b""
            if CONTROL_CHARACTERS.search(member.linkname) or not member.linkname:
                raise ValueError(f"{path} is a link to a name that is not plain text")
        elif member.isdir():
            kind, data = Kind.DIRECTORY, b""
        elif member.islnk():
            kind, data = Kind.FILE, plain[_linked(member, plain)]
        elif member.isreg():
            kind, data = Kind.FILE, _content(tar, member) if wanted(path) else b""
            if wanted(path):
                plain[path] = data
        else:
            raise ValueError(f"{path} is neither a file, nor a folder, nor a link")
        if kind is not Kind.DIRECTORY and not wanted(path):
            continue
        yield Entry(
            path=path,
            kind=kind,
            mode=member.mode & 0o7777,
            user=_owner(member.uname, member.uid),
            group=_owner(member.gname, member.gid),
            mtime=int(member.mtime),
            data=data,
            target=member.linkname if kind is Kind.LINK else "",
        )


def _linked(member: tarfile.TarInfo, plain: dict[str, bytes]) -> str:
    target = clean_path(member.linkname)
    if target not in plain:
        raise ValueError(f"{member.name} is a hard link to {target}, which is not before it")
    return target


def _owner(name: str, number: int) -> str:
    if number == 0:
        return "root"
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
        raise ValueError(f"a file belongs to {number}, which has no name")
    return name


def clean_path(name: str) -> str:
    """`./bin/x` → `/usr/bin/x`; ValueError for a path that leaves the root, is too long or is not plain text."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/" + "/".join(parts)
    if ".." in parts:
        raise ValueError(f"{name} leaves the root")
    if len(path) > MAX_PATH or CONTROL_CHARACTERS.search(path):
        raise ValueError(f"{path[:80]!r} is no plain path")
    return MERGED.sub(r"/usr/\1", path, count=1) if MERGED.match(path) else path
