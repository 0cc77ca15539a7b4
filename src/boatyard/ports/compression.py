"""Compressed streams: gzip, xz, zstd and bzip2, told apart by their first bytes, with bounds on what comes out."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from boatyard.base.error import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.ports.tar import Readable, Writable

MAGIC = {b"\x1f\x8b": "gz", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2"}
READ = 1 << 16
MEMORY = 256 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may come out of a compressed file: `total` bytes, and `ratio` times its size once that is `free` bytes."""

    total: int = 20 << 30
    ratio: int = 100
    free: int = 64 << 20


class Bounded:
    """Reads through, and stops when more comes out than the bounds allow."""

    def __init__(self, stream: Readable, allowed: int) -> None:
        self._stream = stream
        self._left = allowed

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise SourceError("the archive unpacks to more than is allowed", hint="it may be a decompression bomb")
        return data


def sniff(path: Path, start: int = 0) -> str:
    """gz, xz, zst or bz2; "" when what begins at byte `start` of a file is not compressed in any of these ways."""
    with path.open("rb") as stream:
        stream.seek(start)
        return _kind(stream.read(6))


def unpacked_size(path: Path, start: int) -> int | None:
    """Bytes that the stream from byte `start` of a file unpacks to; None when it is in no compression known here.

    SourceError when it is damaged. A zstd stream that breaks off is not: it gives what is there.
    """
    size = 0
    with path.open("rb") as raw:
        raw.seek(start)
        kind = _kind(raw.read(6))
        if not kind:
            return None
        raw.seek(start)
        try:
            stream = _reader(raw, kind)
            while data := stream.read(READ):
                size += len(data)
        except _errors(kind) as error:
            raise SourceError(f"{path.name} is damaged: {error}") from error
    return size


@contextlib.contextmanager
def decompressed(path: Path, bounds: Bounds = Bounds(), start: int = 0) -> Iterator[Readable]:
    """A file from byte `start`, decompressed as the bytes there ask for; SourceError when it is damaged or too much."""
    allowed = min(bounds.total, max(bounds.free, bounds.ratio * path.stat().st_size))
    kind = sniff(path, start)
    try:
        with path.open("rb") as raw:
            raw.seek(start)
            yield Bounded(_reader(raw, kind), allowed)
    except _errors(kind) as error:
        raise SourceError(f"{path.name} is damaged: {error}") from error


@contextlib.contextmanager
def compressing(stream: IO[bytes], kind: str) -> Iterator[Writable]:
    """A stream that compresses what is written, the same way every time: no name, no time."""
    if kind == "gz":
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=stream, mtime=0) as packed:
            yield packed
    elif kind == "xz":
        with lzma.LZMAFile(stream, "wb") as packed_xz:
            yield packed_xz
    elif kind == "bz2":
        with bz2.BZ2File(stream, "wb") as packed_bz2:
            yield packed_bz2
    elif kind == "zst":
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as packed_zst:
            yield packed_zst
    else:
        yield stream


class _Xz:
    """lzma.LZMAFile with a limit on the memory that a header may ask for."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)

    def read(self, size: int, /) -> bytes:
        while True:
            if self._decompressor.eof:
                rest = (self._decompressor.unused_data + self._raw.read(READ)).lstrip(b"\0")
                if not rest:
                    return b""
                self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)
                data = self._decompressor.decompress(rest, size)
            elif self._decompressor.needs_input:
                block = self._raw.read(READ)
                if not block:
                    raise EOFError("it ends too early")
                data = self._decompressor.decompress(block, size)
            else:
                data = self._decompressor.decompress(b"", size)
            if data:
                return data


def _kind(start: bytes) -> str:
    return next((name for magic, name in MAGIC.items() if start.startswith(magic)), "")


def _reader(raw: IO[bytes], kind: str) -> Readable:
    if kind == "gz":
        return gzip.GzipFile(fileobj=raw)
    if kind == "bz2":
        return bz2.BZ2File(raw)
    if kind == "xz":
        return _Xz(raw)
    if kind == "zst":
        import zstandard

        decompressor = zstandard.ZstdDecompressor(max_window_size=MEMORY // 2)
        return decompressor.stream_reader(raw, read_across_frames=True, closefd=False)
    return raw


def _errors(kind: str) -> tuple[type[Exception], ...]:
    if kind == "zst":
        import zstandard

        return (zstandard.ZstdError, EOFError)
    return (lzma.LZMAError, gzip.BadGzipFile, zlib.error, EOFError)
