"""Folders that live as long as a process: removed at the end, or by the next one when the process was killed.

And folders that many processes use, and one may put in order while none does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from boatyard.ports.files import TEMPORARY, locked, remove_tree, temporary_dir, writing_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OWNER = "owner.lock"


@contextlib.contextmanager
def leased_dir(parent: Path) -> Iterator[Path]:
    """A new folder under `parent`, readable by this user only; what killed processes left there is removed first.

    `parent` is for such folders alone. A folder's owner holds a lock on a file in it, which a kill frees.
    """
    with contextlib.ExitStack() as stack:
        with locked(parent / "lease.lock"):  # between making a folder and locking it nobody may sweep
            _sweep(parent)
            folder = stack.enter_context(temporary_dir(parent))
            folder.chmod(0o700)
            stack.enter_context(locked(folder / OWNER))
        yield folder


def hold(lock: Path, alone: Callable[[], None]) -> int:
    """Takes a folder's lock together with others that use the folder; the descriptor, whose closing gives it back.

    `alone` is called first when nobody else holds the lock. Waits while somebody holds it alone.
    """
    handle = _open(lock)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with writing_to(lock.parent):
                alone()
        fcntl.flock(handle, fcntl.LOCK_SH)
    except BaseException:
        os.close(handle)
        raise
    return handle


def hold_alone(lock: Path) -> int | None:
    """Takes a folder's lock for one process alone; None when others use the folder."""
    handle = _open(lock)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _open(lock: Path) -> int:
    with writing_to(lock.parent):
        lock.parent.mkdir(parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{TEMPORARY}*"):
        if not _owned(folder / OWNER):
            remove_tree(folder)


def _owned(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
