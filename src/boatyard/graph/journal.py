"""The journal of runs over a graph: a line of JSON for each change of a node's state, written before it is acted on.

It is only ever appended to, so a kill loses at most the end of the last line, and that line is skipped. What is done
is known to the store, not to the journal: it tells which node was started how often, how long nodes took, and why one
failed. Lines have `time` (seconds since the epoch), `run`, `event` and, for nodes, `node` and more.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from boatyard.base.decodable import decodable
from boatyard.ports import clock
from boatyard.ports.files import writing_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. Keys of a newer version are ignored."""

    time: float
    run: str
    event: str
    node: str = ""
    step: str = ""
    worker: str = ""
    attempt: int = 0
    seconds: float = 0
    text: str = ""


class Journal:
    """Open for one run; to be used in a `with` block, whose orderly end is written down. Without a path: nowhere.

    `started`: how often each node was started by the runs before that were killed, back to the last orderly end.
    `seconds`: what building each node took the last time it was built.
    """

    def __init__(self, path: Path | None) -> None:
        self.started: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self._path, self._handle, self._waiting = path, -1, b""
        self._unsynced = False
        self._run = secrets.token_hex(4)
        if path is None:
            return
        with writing_to(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        for line in read_lines(path):
            self._learn(line)
        if path.stat().st_size and os.pread(self._handle, 1, path.stat().st_size - 1) != b"\n":
            self._waiting = b"\n"  # ends a torn line

    def __enter__(self) -> Journal:
        self.tell("run")
        self.flush()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.tell("end", text="" if kind is None else kind.__name__)
            self.flush()
        finally:
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    def tell(
        self,
        event: str,
        node: str = "",
        *,
        step: str = "",
        worker: str = "",
        attempt: int = 0,
        seconds: float = 0.0,
        text: str = "",
    ) -> None:
        """Adds a line, which `flush` makes durable."""
        line = Line(round(clock.now(), 3), self._run, event, node, step, worker, attempt, round(seconds, 3) or 0, text)
        if self._handle >= 0:
            self._waiting += msgspec.json.encode(line) + b"\n"

    def write(self) -> None:
        """Writes what was told, so that it outlives this process; not yet a power cut."""
        if self._waiting and self._path is not None:
            with writing_to(self._path.parent):
                while self._waiting:
                    self._waiting = self._waiting[os.write(self._handle, self._waiting) :]
            self._unsynced = True

    def flush(self) -> None:
        """Makes durable all that was told."""
        self.write()
        if self._unsynced and self._path is not None:
            with writing_to(self._path.parent):
                os.fdatasync(self._handle)
            self._unsynced = False

    def _learn(self, line: Line) -> None:
        if line.event == "end":
            self.started.clear()
        elif line.event == "started":
            self.started[line.node] = self.started.get(line.node, 0) + 1
        elif line.event == "done" and line.seconds:
            self.seconds[line.node] = line.seconds


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a journal; without those that were torn by a kill."""
    with path.open("rb") as stream:
        for text in stream:
            with contextlib.suppress(msgspec.DecodeError):
                yield msgspec.json.decode(text, type=decodable(Line))
