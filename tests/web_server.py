"""A web server on the loopback interface that can misbehave, and the fixtures that start it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Web:
    """`files`: path = content. `behaviours`: path = what to do instead. `requests`: each path asked for, in order."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, Callable[[Handler], object]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


class Handler(BaseHTTPRequestHandler):
    """Serves `web.files` with ETag and Range, over kept connections."""

    protocol_version = "HTTP/1.1"
    web: Web

    def do_GET(self) -> None:
        self.web.requests.append(self.path)
        self.web.headers.append(dict(self.headers))
        self.web.connections.add(self.client_address)
        behaviour = self.web.behaviours.get(self.path)
        if behaviour is not None:
            behaviour(self)
        elif self.path in self.web.files:
            self.give(self.web.files[self.path])
        else:
            self.answer(404, b"<html>no such file</html>")

    def give(self, content: bytes, *, cut: int | None = None) -> None:
        """The content, or the asked part of it; with `cut`, the connection ends after so many bytes of the body."""
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        asked = self.headers.get("Range", "")
        start = 0
        if asked.startswith("bytes=") and self.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start:] if cut is None else content[start : start + cut])
        self.close_connection = cut is not None

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A plain answer; underscores in header names stand for dashes."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the tests."""


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    """A loopback web server for the time of the block."""
    web = Web()
    server = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"web": web}))
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[], Web]]:
    """Starts loopback web servers, which end with the test."""
    with contextlib.ExitStack() as servers:
        yield lambda: servers.enter_context(serving())


@pytest.fixture
def web(serve: Callable[[], Web]) -> Web:
    """A loopback web server."""
    return serve()
