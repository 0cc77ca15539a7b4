"""A folder over HTTP on loopback, read-only: a repository for the guest of a virtual machine, or for a test."""

from __future__ import annotations

import contextlib
import functools
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

# QEMU's user network shows the host's loopback to the guest under this address.
HOST_SEEN_BY_GUEST = "10.0.2.2"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder's address, `http://127.0.0.1:PORT`, for the time of the block; the kernel chooses the port.

    Only files below the folder are given out: no listings, no links that lead outside, no hidden files.
    """
    handler = functools.partial(_Files, directory=str(folder.resolve(strict=True)))
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="http server", kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def guest_url(url: str) -> str:
    """The same address as a guest with an outward network sees it."""
    return url.replace("127.0.0.1", HOST_SEEN_BY_GUEST, 1)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a guest may be switched off in the middle of a download."""


class _Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "boatyard", ""
    timeout = 60

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        root = Path(self.directory)
        name = self.translate_path(self.path)
        path = root if "\0" in name else Path(name).resolve()
        inside = path.is_relative_to(root) and not any(part.startswith(".") for part in path.relative_to(root).parts)
        if not inside or not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Says nothing: what a guest fetched is the guest's log."""
