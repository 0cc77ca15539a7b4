"""Consoles and serial ports to write to, without ever waiting long for one that does not take what is written."""

from __future__ import annotations

import errno
import os
import select
import stat
import termios
import time
from pathlib import Path

WAIT_S = 3.0
CLEAR = b"\r\x1b[K"
BAR = 20


class Port:
    """A device to write to. One that once did not take a text in time gets only what it takes at once."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd, self.name = fd, name
        self._patience = WAIT_S

    def write(self, data: bytes) -> None:
        """Writes, or drops what is not taken: an installation does not fail for want of somebody who watches it."""
        end = time.monotonic() + self._patience
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except OSError as error:
                left = end - time.monotonic()
                if error.errno != errno.EAGAIN or left <= 0:
                    self._patience = 0.0
                    return
                select.select([], [self.fd], [], left)


class Console:
    """A port with a person before it: lines, and below them one bar that is redrawn if it is a terminal."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self._terminal = os.isatty(port.fd)
        self._bar = False

    def line(self, text: str) -> None:
        """A line of its own, above the bar."""
        self.port.write((CLEAR if self._bar else b"") + text.encode(errors="replace") + b"\r\n")
        self._bar = False

    def bar(self, percent: int, text: str) -> None:
        """Where the installation is."""
        full = percent * BAR // 100
        bar = f"[{'#' * full}{'.' * (BAR - full)}] {percent:3} %  {text}"
        if self._terminal:
            self.port.write(CLEAR + bar[:79].encode(errors="replace"))
            self._bar = True
        else:
            self.line(bar)

    def verdict(self, text: str) -> None:
        """A line that stays alone on its line in a log of this port, too, where nothing is cleared."""
        if self._bar:
            self.port.write(b"\r\n")
            self._bar = False
        self.line(text)


def open_port(path: str) -> Port | None:
    """A terminal device for writing; None when it cannot be had, or is none."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISCHR(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    return Port(fd, path)


def console_names(root: Path = Path("/")) -> list[str]:
    """The devices that the kernel has as consoles: /dev/tty0, /dev/ttyS0."""
    try:
        names = (root / "sys/class/tty/console/active").read_text().split()
    except OSError:
        names = ["console"]
    return [f"/dev/{name}" for name in names]


def second_serial(root: Path = Path("/")) -> str:
    """The second serial port, for programs; empty when there is none, or it is a console.

    The kernel has ttyS1 to ttyS3 without a port, too; those have the type 0 (PORT_UNKNOWN).
    """
    try:
        real = (root / "sys/class/tty/ttyS1/type").read_text().strip() not in ("", "0")
    except OSError:
        return ""
    return "/dev/ttyS1" if real and "/dev/ttyS1" not in console_names(root) else ""


def open_raw(path: str) -> Port | None:
    """A serial port (115200 baud, no translation of line ends) for a program at its other end; None as `open_port`."""
    port = open_port(path)
    if port is not None and os.isatty(port.fd):
        attributes = termios.tcgetattr(port.fd)
        attributes[1] &= ~termios.OPOST
        attributes[2] |= termios.CLOCAL  # there need be no modem, nor anybody who listens
        attributes[3] &= ~(termios.ECHO | termios.ICANON)
        attributes[4] = attributes[5] = termios.B115200
        termios.tcsetattr(port.fd, termios.TCSANOW, attributes)
    return port
