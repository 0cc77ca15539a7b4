"""Getting files by HTTP from a server on this machine: limits, redirections, digests, certificates, patience."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from boatyard_installer.error import FetchError
from boatyard_installer.fetch import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = b"answers"


class Handler(BaseHTTPRequestHandler):
    """What each path gives."""

    elsewhere = ""
    times = 0

    def do_GET(self) -> None:
        Handler.times += 1
        if self.path.startswith("/to/"):
            left = int(self.path[4:])
            self.redirect(f"/to/{left - 1}" if left else "/ok")
        elif self.path == "/elsewhere":
            self.redirect(Handler.elsewhere)
        elif self.path == "/file":
            self.redirect("file:///etc/passwd")
        elif self.path == "/busy" and Handler.times < 3:
            self.send_error(503)
        elif self.path in ("/ok", "/busy"):
            self.give(BODY)
        elif self.path == "/short":
            self.give(BODY, claimed=100)
        elif self.path == "/big":
            self.give(b"x" * 5000)
        else:
            self.send_error(404)

    def redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def give(self, body: bytes, claimed: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(claimed or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    Handler.times = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def http() -> Iterator[str]:
    with serving() as base:
        yield base


def get(url: str, limit: int = 1000, sha256: str = "", trust: ssl.SSLContext | None = None) -> bytes:
    return fetch(url, limit, sha256, patience_s=20, sleep=lambda _: None, trust=trust)


def test_the_bytes_with_their_digest(http: str) -> None:
    assert get(f"{http}/ok", sha256=hashlib.sha256(BODY).hexdigest()) == BODY
    assert get(f"{http}/ok", limit=len(BODY)) == BODY


def test_what_passes_is_tried_again(http: str) -> None:
    assert get(f"{http}/busy") == BODY
    assert Handler.times == 3


def test_what_lasts_is_not_tried_again(http: str) -> None:
    with pytest.raises(FetchError, match="404"):
        get(f"{http}/none")
    assert Handler.times == 1


def test_five_redirections_and_no_more(http: str) -> None:
    assert get(f"{http}/to/4") == BODY
    with pytest.raises(FetchError, match="302"):
        get(f"{http}/to/5")


@pytest.mark.parametrize(
    ("path", "told"),
    [("/big", "more than 1000 bytes"), ("/file", "302"), ("/ok", "not the SHA-256")],
)
def test_refused(http: str, path: str, told: str) -> None:
    with pytest.raises(FetchError, match=told):
        get(http + path, sha256="0" * 64)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "/etc/passwd"])
def test_only_http(url: str) -> None:
    with pytest.raises(FetchError, match="not an address"):
        get(url)


def test_patience_ends(http: str) -> None:
    with pytest.raises(FetchError, match="could not be fetched") as caught:
        fetch(f"{http}/short", 1000, patience_s=1, sleep=lambda _: None)
    assert caught.value.exit_code == 3


def test_nobody_listens() -> None:
    with serving() as base:
        pass
    with pytest.raises(FetchError, match="refused"):
        fetch(base, 10, patience_s=0)


@pytest.mark.tool
def test_certificates_and_never_from_https_to_http(tmp_path: Path, http: str) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, "-keyout", key, "-out", certificate, *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with serving(context) as https:
        assert get(f"{https}/ok", trust=trusting) == BODY
        Handler.elsewhere = f"{http}/ok"
        with pytest.raises(FetchError, match="from https to http"):
            get(f"{https}/elsewhere", trust=trusting)
        with pytest.raises(FetchError, match="not trusted"):
            get(f"{https}/ok")
