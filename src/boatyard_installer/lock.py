"""One installation at a time on a machine."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = Path("/run/boatyard/lock")


@contextmanager
def only_one(path: Path = LOCK) -> Iterator[bool]:
    """Whether this is the only one; as long as it is within this, no other is. The kernel lets go when it ends."""
    fd = _open(path)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)


def is_held(path: Path = LOCK) -> bool:
    """Whether somebody is within `only_one`."""
    fd = _open(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: who only looks is in nobody's way
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def until_free(path: Path = LOCK) -> None:
    """Waits until nobody is within `only_one`."""
    fd = _open(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
