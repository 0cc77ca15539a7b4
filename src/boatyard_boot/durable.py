"""Files that a power cut leaves as they were or as they shall be: written beside, flushed, renamed, flushed again."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Makes or replaces a file and the folders that lead to it. What a cut left beside it goes."""
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as stream:  # noqa: PTH123
            with suppress(PermissionError):  # FAT has no modes
                os.fchmod(stream.fileno(), mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.rename(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def remove_file(path: Path) -> None:
    """Removes a file if it is there."""
    if path.is_file() or path.is_symlink():
        path.unlink()
        _flush_folder(path.parent)


def make_folder(path: Path) -> None:
    """Makes a folder and those that lead to it."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o755, exist_ok=True)
        _flush_folder(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes out of a block with the same folder; ends with the process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
