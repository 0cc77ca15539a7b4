"""The output of a running program as it comes: kept in a log, told line by line, until the program or the time ends."""

from __future__ import annotations

import os
import select
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boatyard.ports.run import Process

CHUNK = 1 << 16
LONGEST_LINE = 2000
LONGEST_LOG = 64 << 20
TAIL_LINES = 40
CUT = b"\n[the rest of the output is not kept]\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How it ended. `mark`: what followed the mark in its line, None when it did not come; `tail`: the last lines.

    `code`: the exit code, None when the mark or the time ended it.
    """

    code: int | None
    mark: str | None
    tail: str
    timed_out: bool = False


def follow(
    process: Process, log: Path, timeout_s: float, *, mark: str = "", told: Callable[[str], None] = lambda _: None
) -> Followed:
    """Copies standard output to `log`, which only this user can read, and tells every line, without its end.

    A line that begins with `mark` ends it and is not kept: a program in the background may hold the output open.
    """
    assert process.stdout is not None
    deadline, lines = clock.monotonic() + timeout_s, _Lines(told)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "ab", buffering=0) as stream:
        kept, rest = _Kept(stream), b""
        while True:
            left = deadline - clock.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                kept.write(rest)
                return Followed(code=None, mark=None, tail=lines.tail(rest), timed_out=True)
            data = os.read(process.stdout.fileno(), CHUNK)
            *whole, rest = (rest + data).split(b"\n")
            if not data and rest:
                whole.append(rest)
            at = next((at for at, line in enumerate(whole) if mark and line.startswith(mark.encode())), len(whole))
            kept.write(b"".join(line + b"\n" for line in whole[:at]))
            for line in whole[:at]:
                lines.take(line)
            if at < len(whole):
                found = whole[at][len(mark) :].decode("utf-8", "replace").strip()
                return Followed(code=None, mark=found, tail=lines.tail())
            if not data:
                return Followed(code=process.wait(), mark=None, tail=lines.tail())
            if len(rest) > CHUNK:  # no line is that long
                kept.write(rest)
                lines.take(rest)
                rest = b""


class _Kept:
    """The beginning of the output, at most `LONGEST_LOG`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._room = LONGEST_LOG

    def write(self, data: bytes) -> None:
        if data and self._room > 0:
            self._room -= len(data)
            self._stream.write(data if self._room > 0 else CUT)


class _Lines:
    """The last lines, each at most 2,000 characters."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._last: deque[str] = deque(maxlen=TAIL_LINES)

    def take(self, line: bytes) -> None:
        text = line.rstrip(b"\r").decode("utf-8", "replace")[:LONGEST_LINE]
        self._last.append(text)
        self._told(text)

    def tail(self, rest: bytes = b"") -> str:
        return "\n".join([*self._last, *([rest.decode("utf-8", "replace")[:LONGEST_LINE]] if rest else [])])
