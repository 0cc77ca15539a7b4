"""A proxy on this machine in front of a server, which passes bytes on as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 14


@dataclass
class BadLine:
    """`refuse`: so many connections are answered with `answer` and closed. `cut_after`: bytes of an answer before the
    line breaks, for the next `cuts` connections. `pause_s`: before each chunk of an answer. `flip`: damage answers."""

    to: int
    port: int = 0
    refuse: int = 0
    answer: bytes = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    cuts: int = 0
    cut_after: int = 0
    pause_s: float = 0
    seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listener: socket.socket) -> None:
        """Passes on what connections bring, until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            with self._lock:
                self.seen += 1
                refused, cut = self.refuse > 0, self.cuts > 0
                self.refuse -= refused
                self.cuts -= cut and not refused
            if refused:
                client.recv(CHUNK)
                client.sendall(self.answer)
                client.shutdown(socket.SHUT_WR)
                while client.recv(CHUNK):
                    pass
                return
            with socket.create_connection(("127.0.0.1", self.to)) as server:
                up = threading.Thread(target=_copy, args=(client, server), daemon=True)
                up.start()
                self._answer(server, client, self.cut_after if cut else -1)
                client.shutdown(socket.SHUT_RDWR)
                server.shutdown(socket.SHUT_RDWR)
                up.join()

    def _answer(self, server: socket.socket, client: socket.socket, left: int) -> None:
        while left != 0 and (data := server.recv(CHUNK if left < 0 else min(CHUNK, left))):
            time.sleep(self.pause_s)
            client.sendall(data)
            left -= len(data) if left > 0 else 0


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def bad_line(to: int) -> Iterator[BadLine]:
    """A proxy that is perfect until it is told otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = BadLine(to, listener.getsockname()[1])
        thread = threading.Thread(target=line.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)
