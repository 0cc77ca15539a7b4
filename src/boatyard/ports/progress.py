"""Progress: nested steps with times, told to sinks. Terminal and CI lines go to stderr, JSON lines to a file."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import json
import sys
import threading
from typing import TYPE_CHECKING, Protocol, TextIO

from boatyard.base.event import Event
from boatyard.ports import clock
from boatyard.ports.files import writing_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A pool must copy the context into its threads (graph.local does), so that steps keep their place.
_path: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("steps", default=())


class Sink(Protocol):
    """Takes events, one at a time."""

    def __call__(self, event: Event) -> None: ...


class Step:
    """A piece of work that is told of. One that does not raise an error may have failed all the same."""

    ok = True

    def failed(self) -> None:
        self.ok = False


class Reporter:
    """Tells all sinks what happens. Safe to use from many threads."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = list(sinks)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Encloses a piece of work; its end tells the seconds and whether it went well."""
        token = _path.set((*_path.get(), name))
        started, ok, step = clock.monotonic(), False, Step()
        self._tell(Event(kind="start", path=_path.get()))
        try:
            yield step
            ok = step.ok
        finally:
            self._tell(Event(kind="end", path=_path.get(), seconds=clock.monotonic() - started, ok=ok))
            _path.reset(token)

    def progress(self, done: int, total: int, text: str = "") -> None:
        """`done` of `total` pieces of the current step."""
        self._tell(Event(kind="progress", path=_path.get(), text=text, done=done, total=total))

    def note(self, text: str) -> None:
        """Something worth a line."""
        self._tell(Event(kind="note", path=(*_path.get(), ""), text=text))

    def warn(self, text: str) -> None:
        """Something the user should act on, though the run goes on."""
        self._tell(Event(kind="warning", path=(*_path.get(), ""), text=text))

    def _tell(self, event: Event) -> None:
        with self._lock:
            for sink in list(self._sinks):
                try:
                    sink(event)
                except (OSError, ValueError):
                    # A full disk, a terminal that is gone, a log closed by an interrupt: the work does not end for it.
                    self._sinks.remove(sink)


class PlainSink:
    """A line for the start and the end of each of the outer steps: for CI and files."""

    def __init__(self, stream: TextIO, *, depth: int = 1) -> None:
        self._stream, self._depth = stream, depth

    def __call__(self, event: Event) -> None:
        line = _line(event)
        if line and event.depth <= self._depth:
            print(line, file=self._stream, flush=True)


class TerminalSink:
    """Like PlainSink, with one live line at the bottom for what is being done now."""

    def __init__(self, stream: TextIO, *, width: int = 100) -> None:
        self._stream, self._width = stream, width
        self._lines = PlainSink(stream)

    def __call__(self, event: Event) -> None:
        self._stream.write("\r\x1b[K")
        self._lines(event)
        if event.kind in ("start", "progress") and event.path:
            counted = f" {event.done}/{event.total}" if event.total else ""
            live = " › ".join(event.path) + counted + (f"  {event.text}" if event.text else "")
            self._stream.write(live[: self._width])
        self._stream.flush()


class JsonSink:
    """Every event as a line of JSON, with the time in seconds since the epoch."""

    def __init__(self, path: Path) -> None:
        with writing_to(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, event: Event) -> None:
        self._stream.write(json.dumps({"time": round(clock.now(), 3)} | dataclasses.asdict(event)) + "\n")

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what a full disk did not take is lost
            self._stream.close()


def _line(event: Event) -> str:
    indent = "  " * event.depth
    if event.kind == "start" and event.depth == 0:
        return f"● {event.path[-1]}"
    if event.kind == "end" and event.path:
        mark = "✓" if event.ok else "✗"
        return f"{indent}{mark} {event.path[-1]}  {event.seconds:.1f} s"
    if event.kind == "note":
        return f"{indent}{event.text}"
    if event.kind == "warning":
        return f"{indent}warning: {event.text}"
    return ""


def console(stream: TextIO | None = None) -> Sink:
    """The sink that fits a stream (default stderr): live on a terminal, plain elsewhere."""
    target = stream or sys.stderr
    return TerminalSink(target) if target.isatty() else PlainSink(target)


def silent() -> Reporter:
    """A reporter nobody listens to."""
    return Reporter()
