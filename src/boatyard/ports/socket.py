"""Unix sockets to programs that Boatyard starts: bound before the program runs, accepted as long as it lives."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 16


class Stream:
    """A connected socket. One thread may receive while another sends."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def fileno(self) -> int:
        """For a loop over several; who uses it must not use the methods."""
        return self._connection.fileno()

    def receive(self, timeout_s: float | None = None) -> bytes:
        """The next bytes, at most 64 KiB; empty when the other side is gone. TimeoutError when nothing comes."""
        if not select.select([self._connection], [], [], timeout_s)[0]:
            raise TimeoutError
        try:
            return self._connection.recv(CHUNK)
        except ConnectionError:
            return b""

    def send(self, data: bytes) -> None:
        """Sends all; silently nothing when the other side is gone, which `receive` tells."""
        with contextlib.suppress(ConnectionError):
            self._connection.sendall(data)

    def hang_up(self) -> None:
        """Ends the conversation; a thread that waits in `receive` gets an empty answer."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._connection.close()


class Listener:
    """A socket that waits for one program to connect."""

    def __init__(self, bound: socket.socket) -> None:
        self._bound = bound

    def accept(self, pid: int, timeout_s: float) -> Stream | None:
        """The connection, or None when the process `pid`, a child not yet waited for, ends first or time is up."""
        process = os.pidfd_open(pid)
        try:
            ready = select.select([self._bound.fileno(), process], [], [], timeout_s)[0]
        finally:
            os.close(process)
        return Stream(self._bound.accept()[0]) if self._bound.fileno() in ready else None


@contextlib.contextmanager
def listening(folder: Path, name: str) -> Iterator[Listener]:
    """A socket `name` in a folder, for this user only. The folder's path may be of any length."""
    handle = os.open(folder, os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
            bound.bind(f"/proc/self/fd/{handle}/{name}")  # a socket's path may have 107 bytes at most
            (folder / name).chmod(0o600)  # before listen(): nobody can have connected
            bound.listen(1)
            yield Listener(bound)
    finally:
        os.close(handle)
        (folder / name).unlink(missing_ok=True)
