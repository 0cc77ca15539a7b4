"""What a program reads as its standard input, written to it piece by piece while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = 1 << 20


class Feed:
    """A pipe to one program. `reader` is the end for the program, which the caller gives away with `started`."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._writer, False)
        with contextlib.suppress(OSError):  # a larger pipe only saves switches between the two programs
            fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, ROOM)

    def started(self) -> None:
        """The program has its end; from now on its death ends the feeding."""
        if self.reader >= 0:
            os.close(self.reader)
            self.reader = -1

    def send(self, data: bytes, timeout_s: float) -> None:
        """Writes all; BrokenPipeError when the program is gone, TimeoutError when it takes nothing for so long."""
        view = memoryview(data)
        while view:
            if not select.select([], [self._writer], [], timeout_s)[1]:
                raise TimeoutError
            view = view[os.write(self._writer, view) :]

    def end(self) -> None:
        """Nothing more comes."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1


@contextlib.contextmanager
def feeding() -> Iterator[Feed]:
    """A feed for the time of the block."""
    feed = Feed()
    try:
        yield feed
    finally:
        feed.started()
        feed.end()
