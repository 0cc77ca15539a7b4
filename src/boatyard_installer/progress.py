"""Tells how an installation goes: a bar and lines for people, JSON lines for programs, a log for afterwards."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from boatyard_installer.log import Log, plain
from boatyard_installer.terminal import Console, console_names, open_port, open_raw, second_serial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard_installer.step import Plan, Step
    from boatyard_installer.terminal import Port

LOG = Path("/run/boatyard/install.log")
PREFIX = "BOATYARD-INSTALL:"
SAVED_LOG, SAVED_REPORT = "install.log", "install-report.json"
REDRAW_S = 0.5
MAX_REASON = 300


class Reporter(Protocol):
    """What steps tell."""

    def step(self, step: Step, number: int, of: int) -> None:
        """A step begins; the one before it is done."""

    def part(self, fraction: float) -> None:
        """How much of the running step is done, 0 to 1."""

    def say(self, text: str) -> None:
        """A line for people, without secrets."""

    def log(self, text: str) -> None:
        """Lines for the log only, without secrets."""

    def record(self, name: str, value: object) -> None:
        """A fact for the report, as JSON can hold it: digests, sizes."""

    def save(self, folder: Path) -> None:
        """Writes the log and the report so far to a folder of the installed system."""


class Progress:
    """A Reporter that tells consoles, programs and the log."""

    def __init__(self, log: Log, consoles: Sequence[Console] = (), programs: Sequence[Port] = ()) -> None:
        self._log, self._consoles, self._programs = log, tuple(consoles), tuple(programs)
        self._facts: dict[str, object] = {}
        self._timings: dict[str, float] = {}
        self._weights: tuple[int, ...] = ()
        self._running: tuple[Step, int, int, float] | None = None
        self._drawn = (-1, 0.0)

    def begin(self, plan: Plan) -> None:
        """The plan is made: its steps, and what the report has of it."""
        self._weights = tuple(step.weight for step in plan.steps)
        self.record("disk", {"device": plan.disk.device, "serial": plan.disk.serial, "size": plan.disk.size})
        self.record("firmware", plan.firmware)
        self.record("system", {"name": plan.medium.name, "version": plan.medium.version, "arch": plan.medium.arch})
        self.record("layout", plan.answers.layout.kind)
        self.record("packages", list(plan.answers.packages.install))
        for step in plan.steps:
            self.log(f"plan: {step.name}: {step.text}")

    def step(self, step: Step, number: int, of: int) -> None:
        self._finish_step()
        self._running = (step, number, of, time.monotonic())
        self.log(f"== {number}/{of} {step.name}: {step.text}")
        self._draw(self._percent(0.0), force=True)

    def part(self, fraction: float) -> None:
        self._draw(self._percent(min(max(fraction, 0.0), 1.0)), force=False)

    def say(self, text: str) -> None:
        self.log(text)
        for line in text.splitlines():
            self.show(plain(line))
        self._tell({"event": "say", "text": text})

    def log(self, text: str) -> None:
        self._log.write(text)

    def show(self, text: str) -> None:
        """A line on the consoles and nowhere else: for a recovery key."""
        for console in self._consoles:
            console.line(text)

    def record(self, name: str, value: object) -> None:
        self._facts[name] = value

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        running = self._running
        timings = dict(self._timings)
        if running:
            timings[running[0].name] = time.monotonic() - running[3]
        seconds = {name: round(taken, 2) for name, taken in timings.items()}
        report = json.dumps({"schema": 1, **self._facts, "seconds": seconds}, indent=2, sort_keys=True, default=str)
        _write(folder / SAVED_REPORT, report.encode() + b"\n")
        _write(folder / SAVED_LOG, self._log.path.read_bytes())

    def succeeded(self) -> None:
        """The last line: it is installed."""
        self._finish_step()
        if self._running:
            self._draw(100, force=True)
        self._verdict(f"{PREFIX} OK", {"event": "result", "ok": True, "code": 0, "reason": ""})

    def failed(self, error: Exception | str, code: int) -> None:
        """The last lines of the log, what is wrong and how to mend it, and the last line: why it failed."""
        self.log(str(error))
        for line in self._log.last():
            self.show(f"| {line}")
        reason = plain(" ".join(str(getattr(error, "what", error)).split()))[:MAX_REASON]
        if detail := getattr(error, "detail", ""):
            for line in detail.splitlines():
                self.show(plain(line))
        if hint := getattr(error, "hint", ""):
            self.show(f"hint: {plain(hint)}")
        self._verdict(f"{PREFIX} FAILED {reason}", {"event": "result", "ok": False, "code": code, "reason": reason})

    def _verdict(self, line: str, event: dict[str, Any]) -> None:
        self._tell(event)
        self._log.verdict(line)
        for console in self._consoles:
            console.verdict(line)

    def _finish_step(self) -> None:
        if self._running:
            step, _, _, start = self._running
            self._timings[step.name] = self._timings.get(step.name, 0.0) + time.monotonic() - start

    def _percent(self, fraction: float) -> int:
        if not self._running:
            return 0
        _, number, of, _ = self._running
        weights = self._weights if len(self._weights) == of else (1,) * of
        done = sum(weights[: number - 1]) + weights[number - 1] * fraction
        return int(100 * done / max(1, sum(weights)))

    def _draw(self, percent: int, *, force: bool) -> None:
        now = time.monotonic()
        before, when = self._drawn
        if self._running is None or not (force or (percent != before and now - when >= REDRAW_S)):
            return
        self._drawn = (percent, now)
        step, number, of, _ = self._running
        for console in self._consoles:
            console.bar(percent, plain(step.text))
        self._tell({"event": "step", "name": step.name, "number": number, "of": of, "percent": percent})

    def _tell(self, event: dict[str, Any]) -> None:
        line = json.dumps(event).encode() + b"\n"
        for port in self._programs:
            port.write(line)


def open_progress(log: Path = LOG, device: str = "") -> Progress:
    """Progress on all consoles of the machine; `device`: for programs, the second serial port when empty."""
    ports = [port for name in console_names() if (port := open_port(name))]
    path = device or second_serial()
    programs = [port] if path and (port := open_raw(path)) else []
    return Progress(Log(log), [Console(port) for port in ports], programs)


def _write(path: Path, data: bytes) -> None:
    """A new file that its owner alone reads, on the disk before this returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
