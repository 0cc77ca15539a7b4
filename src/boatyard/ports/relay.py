"""Runs a program in a sandbox without network, with a proxy at its loopback that leads out by a socket file.

    python3 relay.py SOCKET PORT PROGRAM…

Standard library only: it is run by the Python of the sandbox. What the proxy lets through is decided at its other end
(`ports.gate`). It ends with the program, with its exit code.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading

CHUNK = 65_536


def pump(one: socket.socket, other: socket.socket) -> None:
    """Copies what comes from one side to the other, until it ends."""
    with contextlib.suppress(OSError):
        while data := one.recv(CHUNK):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def carry(inner: socket.socket, path: str) -> None:
    """Joins a connection with a new one to the socket file."""
    with inner, socket.socket(socket.AF_UNIX) as outer:
        try:
            outer.connect(path)
        except OSError:
            return
        back = threading.Thread(target=pump, args=(outer, inner), daemon=True)
        back.start()
        pump(inner, outer)
        back.join()


def main() -> int:
    """Listens, runs the program, and gives its exit code."""
    path, port, program = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    listener = socket.create_server(("127.0.0.1", port))

    def accept() -> None:
        while True:
            inner, _ = listener.accept()
            threading.Thread(target=carry, args=(inner, path), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    code = subprocess.run(program, check=False).returncode
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
