"""The user's terminal, given to a guest: every key goes through as it is, and the terminal is restored afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 4096


def is_interactive() -> bool:
    """Whether a person is at both ends: standard input and output are terminals."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def raw_terminal() -> Iterator[None]:
    """The terminal without echo, line editing and signals for the time of the block; restored however it ends."""
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setraw(handle, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def write_output(data: bytes) -> None:
    """Bytes to standard output, at once; nobody may be reading any more (`… | head`)."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def forward_keys(send: Callable[[bytes], None], leave: bytes, ended: Callable[[], bool]) -> None:
    """Sends what is typed until the one-byte key `leave`, the end of the input, or until `ended` says so."""
    handle = sys.stdin.fileno()
    while not ended():
        if not select.select([handle], [], [], 0.2)[0]:
            continue
        data = os.read(handle, CHUNK)
        typed, key, _ = data.partition(leave)
        if typed:
            send(typed)
        if key or not data:
            return
