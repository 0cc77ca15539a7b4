"""Files. What is written appears whole or not at all: under a temporary name first, then renamed.

Temporary names start with `.tmp-`, so a later run can tell them from results and sweep them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, ToolError
from boatyard.ports.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPORARY = ".tmp-"
KERNEL_FOLDERS = ("/proc/", "/sys/")
NEXT_TO_NOTHING = 1 << 16


def write_atomic(path: Path, data: bytes | str, *, mode: int = 0o644) -> None:
    """Replaces a file's content in one step, durable before it becomes visible."""
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
        temporary.chmod(mode)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file name beside `path`; when the block ends well, what was written there becomes `path`.

    ConfigError for a folder or device, which is never replaced: root could take /dev/null from everybody.
    """
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is not a plain file, and is not replaced", hint="give the name of a file")
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            sync(temporary)
            temporary.replace(path)
            sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_dir(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`; when the block ends well it becomes `path`, and the old one goes away.

    Where the system can swap two names, a kill at any moment leaves the old folder or the new one.
    """
    with writing_to(path.parent), temporary_dir(path.parent) as temporary:
        yield temporary
        if not path.exists():
            temporary.rename(path)
        elif not exchange(temporary, path):
            with temporary_dir(path.parent) as old:
                path.rename(old / "old")
                temporary.rename(path)
        sync(path.parent)


@contextlib.contextmanager
def temporary_dir(parent: Path) -> Iterator[Path]:
    """A new empty folder under `parent`, removed at the end of the block."""
    with writing_to(parent):
        parent.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=parent))
        path.chmod(0o755)
    try:
        yield path
    finally:
        remove_tree(path)


@contextlib.contextmanager
def locked(path: Path, busy: Callable[[], None] | None = None) -> Iterator[None]:
    """Waits for and holds an exclusive lock on a file, which is made; other processes wait. Freed by a kill.

    `busy` is called when another holds it, before waiting.
    """
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if busy is not None:
                busy()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove_tree(path: Path) -> None:
    """Removes a file or folder; links are removed, never followed. Nothing happens when it does not exist."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.exists():
        shutil.rmtree(path)


def is_full(folder: Path) -> bool:
    """Whether next to nothing can be written to the disk of a folder; for programs that fail without saying why."""
    disk = os.statvfs(folder)
    no_space = disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < NEXT_TO_NOTHING
    return no_space or (disk.f_files > 0 and disk.f_favail == 0)


def sweep_temporaries(folder: Path) -> None:
    """Removes what an earlier, killed run left directly under a folder. The caller holds the folder's lock."""
    if folder.is_dir():
        for path in folder.glob(f"{TEMPORARY}*"):
            remove_tree(path)


def link_or_copy(source: Path, target: Path) -> None:
    """`target` becomes a hard link to `source`, or a copy where links are impossible."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turns the operating system's refusals to write in a folder into errors that say what to do."""
    try:
        yield
    except OSError as error:
        told = refusal(error, folder)
        if told is None and error.errno == errno.ENAMETOOLONG:
            told = ToolError(f"cannot write in {folder}: its name is too long", hint="choose another folder")
        if told is None and error.errno in (errno.ENOTDIR, errno.EEXIST) and error.filename is not None:
            told = ToolError(
                f"cannot write in {folder}: {error.filename} is in the way",
                hint="move it away, or choose another folder",
            )
        if told is None:
            raise
        raise told from error


def refusal(error: OSError, folder: Path | None = None) -> ToolError | None:
    """What to tell when this machine refuses for want of space or of rights; None for any other error.

    `folder`: where Boatyard wanted to write, if that is known.
    """
    place = folder if folder is not None else error.filename
    many = isinstance(error, shutil.Error)  # one for each file of a tree
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or (many and os.strerror(errno.ENOSPC) in str(error)):
        return ToolError(
            f"no space left on the disk that holds {place}" if place else "no space left on the disk",
            hint="free some space (or inodes: `df -i`) and run the same command again: it goes on where it stopped",
        )
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM) and place:
        return ToolError(
            f"cannot {'write in' if folder is not None else 'use'} {place}: {os.strerror(error.errno)}",
            hint="choose another folder, or run with the rights to use this one",
        )
    if error.errno == errno.ENOENT and str(place).startswith(KERNEL_FOLDERS):
        return ToolError(f"cannot write {place}: nobody but the kernel makes files there", hint="choose another folder")
    return None


def sync(path: Path) -> None:
    """Waits until a file's content, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
