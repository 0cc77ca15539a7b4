"""The serial console of a running machine: kept in a log, watched for stages and troubles, typed into."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, BinaryIO

from boatyard.base.error import ImageError
from boatyard.ports import clock
from boatyard.vm.answer import Answer, Answerer
from boatyard.vm.serial import SerialReader, Stage, Trouble

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boatyard.ports.socket import Stream
    from boatyard.vm.serial import SerialEvent

# How long a machine may stay in a stage: several times what an emulated guest needs on a busy host. With a quiet boot
# loader and kernel the first words after power-on are the login prompt.
STAGE_LIMIT_S = {
    Stage.POWER_ON: 400.0,
    Stage.FIRMWARE: 120.0,
    Stage.BOOTLOADER: 120.0,
    Stage.KERNEL: 400.0,
    Stage.INITRD: 300.0,
    Stage.SYSTEM: 600.0,
    Stage.LOGIN: 600.0,
    Stage.SHUTDOWN: 180.0,
}
MAX_LOG_BYTES = 64 << 20
TAIL_LINES = 25
MAX_PASSED = 1000  # stages: a guest may write what it likes


class Console:
    """Follows a serial line from a thread of its own until the machine ends.

    `events` are all that were seen, `reached_s` the stages of the latest boot with the seconds since power-on, `passed`
    the first 1,000 of all boots in the order of time.
    `listener` is given every piece of output as it comes (for a terminal); `answers` are typed when they are asked for.
    """

    def __init__(
        self,
        stream: Stream,
        log: Path,
        listener: Callable[[bytes], None] | None = None,
        answers: Sequence[Answer] = (),
    ) -> None:
        self.log = log
        self.events: list[SerialEvent] = []
        self.reached_s: dict[Stage, float] = {}
        self.passed: list[tuple[Stage, float]] = []
        self._stream, self._listener = stream, listener
        self._reader = SerialReader()
        self._answerer = Answerer(answers)
        self._changed = threading.Condition()
        self._started = self._moved = clock.monotonic()
        self._ended = False
        self._boots = 3  # more in a row is a loop
        self._thread = threading.Thread(target=self._follow, name="serial console", daemon=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")  # an earlier machine's last words are not this one's

    def start(self) -> None:
        """Begins to follow; once."""
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Types."""
        self._stream.send(data)

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def stage(self) -> Stage:
        return self._reader.stage

    def tail(self, count: int = TAIL_LINES) -> str:
        """The last lines, without escapes."""
        with self._changed:
            return self._reader.tail(count)

    def wait_for(self, stage: Stage, limits: dict[Stage, float] | None = None) -> float:
        """Waits until the boot has come to `stage`; the seconds since power-on.

        ImageError as soon as that has become impossible: a fatal trouble, the machine's end, a restart loop, or a
        stage that takes longer than its limit (seconds); it names the stage and shows the last lines.
        """
        limits = limits or STAGE_LIMIT_S
        with self._changed:
            while not self._reached(stage):
                self._give_up_on_trouble()
                left = self._moved + limits[self._reader.stage] - clock.monotonic()
                if left <= 0:
                    limit = limits[self._reader.stage]
                    raise self.failure(f"hangs: nothing after the stage {self.stage.title} for {limit:.0f} s")
                self._changed.wait(left)
            return self.reached_s.get(stage, clock.monotonic() - self._started)

    def wait_for_line(self, pattern: re.Pattern[str], timeout_s: float) -> tuple[re.Match[str], float]:
        """Waits for a line, without escapes, in which `pattern` is found; gives it with the seconds since power-on.

        ImageError when it has not come within the time (seconds), or cannot come any more.
        """
        deadline = clock.monotonic() + timeout_s
        with self._changed:
            while True:
                for line in self._reader.lines:
                    if found := pattern.search(line):
                        return found, clock.monotonic() - self._started
                self._give_up_on_trouble()
                if (left := deadline - clock.monotonic()) <= 0:
                    raise self.failure(f"has not shown what it should within {timeout_s:.0f} s")
                self._changed.wait(left)

    def check(self) -> None:
        """ImageError when the machine has ended or cannot come up any more."""
        with self._changed:
            self._give_up_on_trouble()

    def expect_restart(self) -> None:
        """One restart more is wanted, and is no sign of a loop."""
        with self._changed:
            self._boots += 1

    def wait_end(self, timeout_s: float) -> bool:
        """Whether the machine ends within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, timeout_s)

    def failure(self, what: str, kind: type[ImageError] = ImageError) -> ImageError:
        """The error that the machine `what` (a verb and more), with the end of the console."""
        tail = self._reader.tail(TAIL_LINES) or "(nothing came over the serial port)"
        return kind(f"the machine {what}", detail=tail, hint=f"the whole console is in {self.log}")

    def _reached(self, stage: Stage) -> bool:
        """Whether this boot has come so far; one that shuts down early has not."""
        if stage is Stage.SHUTDOWN:
            return stage in self.reached_s
        return any(stage <= reached < Stage.SHUTDOWN for reached in self.reached_s)

    def _give_up_on_trouble(self) -> None:
        for event in self.events:
            if isinstance(event.what, Trouble) and event.what.fatal:
                raise self.failure(f"{event.what} (stage {self.stage.title}): {event.line}")
        if self._ended:
            raise self.failure(f"ended in the stage {self.stage.title}")
        if self._reader.boots > self._boots:
            raise self.failure(f"restarts again and again; it is in the stage {self.stage.title}")

    def _follow(self) -> None:
        try:
            with self.log.open("ab", buffering=0) as log:
                self._copy(log)
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _copy(self, log: BinaryIO) -> None:
        written = 0
        while data := self._stream.receive():
            if written < MAX_LOG_BYTES:
                log.write(data)
                written += len(data)
            self._take(data)
            if keys := self._answerer.feed(data):
                with contextlib.suppress(OSError):  # the machine has just ended
                    self.send(keys)
            if self._listener is not None:
                self._listener(data)

    def _take(self, data: bytes) -> None:
        with self._changed:
            now, boots = clock.monotonic(), self._reader.boots
            told = self._reader.feed(data)
            if self._reader.boots > boots:
                self.reached_s.clear()
            for event in told:
                self.events.append(event)
                if isinstance(event.what, Stage):
                    self._moved = now
                    self.reached_s[event.what] = now - self._started
                    if len(self.passed) < MAX_PASSED:
                        self.passed.append((event.what, now - self._started))
            self._changed.notify_all()

    def join(self) -> None:
        """Waits until everything that the machine wrote is in the log."""
        self._stream.hang_up()
        self._thread.join()
