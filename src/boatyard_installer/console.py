"""Reading from people at consoles: lines, and secrets that are not shown."""

from __future__ import annotations

import os
import select
import termios
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from boatyard_installer.error import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINE = 4096


class Terminal(Protocol):
    """Somebody to ask."""

    def show(self, text: str) -> None:
        """Shows lines."""

    def read(self, prompt: str, *, secret: bool = False) -> str:
        """Shows the prompt and gives the line that is typed; EOFError when nobody can type any more."""


class Screens:
    """All of some terminal devices at once: everything is shown on each, and who types first has answered."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._all = tuple(descriptors)

    def show(self, text: str) -> None:
        for fd in self._all:
            _write(fd, "".join(f"{line}\r\n" for line in text.split("\n")))

    def read(self, prompt: str, *, secret: bool = False) -> str:
        with ExitStack() as stack:
            for fd in self._all:
                stack.enter_context(_line_mode(fd, echo=not secret))
                _write(fd, prompt)
            line = self._first_line()
        if secret:  # the line end was not shown either
            self.show("")
        return line

    def _first_line(self) -> str:
        waiting = list(self._all)
        while waiting:
            for fd in select.select(waiting, [], [])[0]:
                try:
                    data = os.read(fd, MAX_LINE)  # a whole line, as the terminal is in line mode
                except OSError:
                    data = b""
                if data:
                    return data.decode(errors="replace").rstrip("\r\n")
                waiting.remove(fd)
        raise EOFError


@contextmanager
def open_screens(paths: Sequence[str]) -> Iterator[Screens]:
    """The terminals among some devices; StepError when none can be had."""
    descriptors: list[int] = []
    try:
        for path in paths:
            try:
                fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:
                continue
            descriptors.append(fd)
            os.set_blocking(fd, True)
            if not os.isatty(fd):
                os.close(descriptors.pop())
        if not descriptors:
            raise StepError("there is no console to ask at")
        yield Screens(descriptors)
    finally:
        for fd in descriptors:
            os.close(fd)


@contextmanager
def _line_mode(fd: int, *, echo: bool) -> Iterator[None]:
    """A terminal that edits lines and turns CR into line ends; what was typed before the question is dropped."""
    before = termios.tcgetattr(fd)
    now = termios.tcgetattr(fd)
    now[0] |= termios.ICRNL
    now[3] |= termios.ICANON | termios.ISIG
    now[3] = now[3] | termios.ECHO | termios.ECHOE if echo else now[3] & ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSAFLUSH if not echo else termios.TCSADRAIN, now)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _write(fd: int, text: str) -> None:
    data = text.encode(errors="replace")
    while data:
        try:
            data = data[os.write(fd, data) :]
        except OSError:
            return
