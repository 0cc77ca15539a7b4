"""The log of an installation: a file that its owner alone reads, and its last lines for whoever asks why it failed."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LAST_LINES = 40


class Log:
    """Appends lines with the seconds since it was opened. A full or missing file system does not stop anything."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._file: int | None = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        self._start = time.monotonic()
        self._last: deque[str] = deque(maxlen=LAST_LINES)

    def write(self, text: str) -> None:
        """Adds text, as many lines as it has."""
        for line in text.splitlines():
            stamped = f"{time.monotonic() - self._start:8.2f} {plain(line)}"
            self._last.append(stamped)
            self._append(stamped)

    def verdict(self, line: str) -> None:
        """Adds the last line, without the time: programs look for exactly it."""
        self._append(line)

    def last(self) -> list[str]:
        """The last lines."""
        return list(self._last)

    def _append(self, line: str) -> None:
        if self._file is None:
            return
        try:
            os.write(self._file, line.encode(errors="replace") + b"\n")
        except OSError:
            self._file = None


def plain(text: str) -> str:
    """Text without control characters, which could steer the terminal of whoever reads it."""
    return "".join(char if char.isprintable() else " " if char == "\t" else "?" for char in text)
