"""A proxy that lets a sandbox reach the servers of a list, and nothing else: HTTP's CONNECT on a socket file.

Only whole tunnels are opened, so that what is said in them stays between program and server, encrypted as a rule. A
name is resolved here, once, and the connection goes to an address that was looked at: none of this machine, of its
networks or of a cloud's metadata, unless the list has that address itself (link-local ones are refused even then). Whom
a server asks for further is not seen: a listed server that forwards leads on to where it forwards.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import os
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.ports.route import request_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

DEFAULT_PORT = 443
PLACE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::([0-9]{1,5}))?")
MAX_HEAD, MAX_TUNNELS, MAX_BYTES = 16_384, 32, 8 << 30
HEAD_S, CONNECT_S, IDLE_S = 20, 30, 120
CHUNK = 65_536
_REQUEST = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):([0-9]{1,5}) HTTP/1\.[01]\r\n")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A server: its name or IPv4 address, in lower case, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass
class Gate:
    """`allowed`: the servers that are let through. `used`: bytes that came from each. `refused`: asked for in vain."""

    allowed: frozenset[Place]
    environ: Mapping[str, str] = field(default_factory=dict)
    used: dict[Place, int] = field(default_factory=dict)
    refused: set[Place] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MAX_TUNNELS))

    def serve(self, client: socket.socket) -> None:
        """Answers one connection, to its end."""
        with client, contextlib.suppress(OSError, http.client.HTTPException, ConfigError), self._slots:
            client.settimeout(HEAD_S)
            place = _asked(client)
            if place is None:
                _answer(client, 405, "only CONNECT host:port")
            elif place not in self.allowed:
                with self._lock:
                    self.refused.add(place)
                _answer(client, 403, "not in the list of this source's network")
            else:
                self._tunnel(client, place)

    def _tunnel(self, client: socket.socket, place: Place) -> None:
        try:
            server = self._connect(place)
        except (OSError, http.client.HTTPException):
            server = None
        if server is None:
            _answer(client, 502, "cannot be reached")
            return
        with server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for end in (client, server):
                end.settimeout(IDLE_S)
            out = threading.Thread(target=self._pump, args=(client, server, None), daemon=True)
            out.start()
            self._pump(server, client, place)
            out.join()

    def _connect(self, place: Place) -> socket.socket | None:
        """A connection, by the proxy of the environment if there is one; None for a forbidden address."""
        route = request_for(f"https://{place}/", self.environ).route
        if route.proxy:
            return route.tunnel(CONNECT_S)
        for *_, target in socket.getaddrinfo(place.host, place.port, socket.AF_INET, socket.SOCK_STREAM):
            if may_reach(str(target[0]), place):
                return socket.create_connection((str(target[0]), place.port), CONNECT_S)
        return None

    def _pump(self, one: socket.socket, other: socket.socket, place: Place | None) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK):
                if place is not None:
                    with self._lock:
                        self.used[place] = self.used.get(place, 0) + len(data)
                        if sum(self.used.values()) > MAX_BYTES:
                            break
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        if place is not None:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def parse_place(text: str) -> Place:
    """`host` or `host:port`, with 443 for no port; ConfigError for what is none."""
    match = PLACE.fullmatch(text)
    port = int(match[3] or DEFAULT_PORT) if match else 0
    if match is None or not 0 < port < 1 << 16 or ".." in match[1]:
        raise ConfigError(f"{text!r} is no server", hint="write host or host:port; there are no patterns")
    return Place(match[1].lower(), port)


def may_reach(address: str, place: Place) -> bool:
    """Whether a tunnel to a place may go to an address: a public one, or exactly the one that is listed."""
    parsed = ipaddress.ip_address(address)
    if parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified or address == "168.63.129.16":
        return False
    return parsed.is_global or address == place.host


@contextlib.contextmanager
def open_gate(path: Path, allowed: Iterable[str], environ: Mapping[str, str]) -> Iterator[Gate]:
    """Listens at a socket file for the time of the block; nothing is left connected afterwards."""
    gate = Gate(frozenset(map(parse_place, allowed)), environ)
    open_ends: set[socket.socket] = set()
    with socket.socket(socket.AF_UNIX) as listener:
        # The path of a socket is short, and that of a work folder may not be.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        listener.listen(MAX_TUNNELS)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    open_ends.add(client)
                    threading.Thread(target=gate.serve, args=(client,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield gate
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()  # from now on no end comes that is not among these
            for end in list(open_ends):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)


def _asked(client: socket.socket) -> Place | None:
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(CHUNK)
        head += data
        if not data or len(head) > MAX_HEAD:
            return None
    match = _REQUEST.match(head)
    return Place(match[1].decode().lower(), int(match[2])) if match else None


def _answer(client: socket.socket, status: int, why: str) -> None:
    body = f"boatyard: {why}\n".encode()
    head = f"HTTP/1.1 {status} {why}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + body)
