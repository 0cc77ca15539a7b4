"""Servers that mean harm, or are broken in ways that look like it: every download ends, with the right file or none."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from tests.web_server import Handler, serve, web

from boatyard.base.error import SourceError, TrustError
from boatyard.ports.http import Fetcher, Patience, leads_inside, redirect_target
from boatyard.ports.route import is_here, is_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.web_server import Web

__all__ = ["serve", "web"]
CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha512(CONTENT).hexdigest()
PATIENT = Patience(attempts=3, pause_s=0)
HASTY = Patience(silence_s=5, head_s=0.5, longest_s=1.5, attempts=2, pause_s=0, slowest=0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n"


@contextlib.contextmanager
def endless(first: bytes, again: bytes, pause_s: float) -> Iterator[str]:
    """A server that says one thing, and then another for ever; gives the address of a file."""
    ended = threading.Event()

    def talk(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.recv(65_536)
            client.sendall(first)
            while not ended.wait(pause_s):
                client.sendall(again)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/f"
        finally:
            ended.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


ENDLESS = {
    "a status line": (b"HTTP/1.1 200 ", b"O", 0.02),
    "a header": (HEAD + b"X-Long: ", b"x", 0.02),
    "headers": (HEAD, b"X: y\r\n", 0.02),
    "answers that are none yet": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
    "a body byte by byte": (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", 0.02),
    "the length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 0.02),
    "the extension of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x", 0.02),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0.0),
    "redirects without an end of headers": (b"HTTP/1.1 302 Found\r\nLocation: /f\r\n", b"X: y\r\n", 0.02),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_ended(name: str, tmp_path: Path) -> None:
    with endless(*ENDLESS[name]) as url, pytest.raises((SourceError, TrustError)):
        Fetcher(HASTY, {}).download_named(url, tmp_path / "f", kind="sha512", digest=DIGEST, limit=1 << 30)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_without_end_stops_at_the_limit(tmp_path: Path) -> None:
    with endless(HEAD + b"\r\n", b"x" * 65_536, 0.0) as url, pytest.raises(TrustError, match="longer than"):
        Fetcher(PATIENT, {}).download_named(url, tmp_path / "f", kind="sha512", digest=DIGEST, limit=1 << 20)
    assert list(tmp_path.iterdir()) == []


def test_cut_at_every_percent(web: Web, tmp_path: Path) -> None:
    fetcher, asked = Fetcher(PATIENT, {}), set[str]()

    def cut(handler: Handler) -> None:
        first = handler.path not in asked
        asked.add(handler.path)
        handler.give(CONTENT, cut=len(CONTENT) * int(handler.path[1:]) // 100 if first else None)

    for percent in range(100):
        web.behaviours[f"/{percent}"] = cut
        url, to = f"{web.url}/{percent}", tmp_path / str(percent)
        fetcher.download_named(url, to, kind="sha512", digest=DIGEST, limit=1 << 20)
        assert to.read_bytes() == CONTENT
    assert len(list(tmp_path.iterdir())) == 100


def raw(handler: Handler, head: str, body: bytes) -> None:
    handler.wfile.write(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode() + body)
    handler.close_connection = True


def then(*answers: Callable[[Handler], object]) -> Callable[[Handler], object]:
    """One answer after the other; the last one stays."""
    left = list(answers)

    def answer(handler: Handler) -> object:
        return (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


HALF = len(CONTENT) // 2
REST = f"206 Partial Content\r\nContent-Range: bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}\r\nContent-Length: {HALF}"
TAGGED = f'200 OK\r\nETag: "a"\r\nContent-Length: {len(CONTENT)}'
RESUMED = {
    "the rest of another file, that If-Range should have kept back": (TAGGED, REST),
    "the rest of another file, with another tag": (TAGGED, f'{REST}\r\nETag: "b"'),
    "a range that was not asked for": (TAGGED, f'{REST.replace(f"bytes {HALF}", "bytes 1")}\r\nETag: "a"'),
    "no length, and cut": ("200 OK", "200 OK"),
}


@pytest.mark.parametrize("name", RESUMED)
def test_parts_that_do_not_fit_are_fetched_anew(name: str, web: Web, tmp_path: Path) -> None:
    first, second = RESUMED[name]
    web.behaviours["/f"] = then(
        lambda handler: raw(handler, first, CONTENT[:HALF]),
        lambda handler: raw(handler, second, b"x" * HALF),
        lambda handler: raw(handler, f"200 OK\r\nContent-Length: {len(CONTENT)}", CONTENT),
    )
    Fetcher(Patience(attempts=4, pause_s=0), {}).download_named(
        f"{web.url}/f", tmp_path / "f", kind="sha512", digest=DIGEST, limit=1 << 20
    )
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "after", ["0", "-1", "1e9", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "x", "\u0661"]
)
def test_a_busy_server_may_say_anything(status: int, after: str, web: Web, tmp_path: Path) -> None:
    web.files["/f"] = CONTENT
    web.behaviours["/f"] = then(
        lambda handler: raw(handler, f"{status} Busy\r\nRetry-After: {after}\r\nContent-Length: 0", b""),
        lambda handler: handler.give(CONTENT),
    )
    Fetcher(PATIENT, {}).download_named(f"{web.url}/f", tmp_path / "f", kind="sha512", digest=DIGEST, limit=1 << 20)
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_pause_that_would_be_longer_than_the_download_may_be_is_not_made(web: Web, tmp_path: Path) -> None:
    web.behaviours["/f"] = lambda handler: handler.answer(503, Retry_After="30")
    with pytest.raises(SourceError, match="503"):
        Fetcher(HASTY, {}).download_named(f"{web.url}/f", tmp_path / "f", kind="sha512", digest=DIGEST, limit=9)
    assert web.requests == ["/f"]


PUBLIC = "https://files.example/f"
REDIRECTS = [
    "http://files.example/f",
    "http://other.example/f",
    "file:///etc/passwd",
    "ftp://other.example/f",
    "gopher://other.example/",
    "javascript:0",
    "https://127.0.0.1/f",
    "https://127.1/f",
    "https://2130706433/f",
    "https://0x7f.0.0.1/f",
    "https://localhost/f",
    "https://LOCALHOST./f",
    "https://x.localhost/f",
    "https://[::1]/f",
    "https://[::ffff:127.0.0.1]/f",
    "https://[::ffff:169.254.169.254]/f",
    "https://[fe80::1]/f",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0/f",
    "https://10.0.0.1/f",
    "https://192.168.0.1/f",
    "https://172.16.0.1/f",
    "https://100.64.0.1/f",
    "https://[fd00::1]/f",
    "https://[bad/f",
    "//127.0.0.1/f",
    "https:///f",
]


@pytest.mark.parametrize("location", REDIRECTS)
def test_redirects_that_are_refused(location: str) -> None:
    with pytest.raises(SourceError):
        target = redirect_target(PUBLIC, location)
        Fetcher(PATIENT, {}).get(target, limit=1)


def test_a_name_that_leads_inside_is_told() -> None:
    assert leads_inside("http://rebind.example/", "127.0.0.1")
    assert leads_inside("http://rebind.example/", "169.254.169.254")
    assert not leads_inside("http://127.0.0.1:80/", "127.0.0.1")
    assert not leads_inside("http://mirror.example/", "10.0.0.1"), "a name of the own network"


def test_notations_of_addresses() -> None:
    assert all(map(is_here, ("::ffff:127.0.0.1", "0x7f.1", "017700000001", "a.localhost", "::")))
    assert not any(map(is_here, ("", "localhost.example", "8.8.8.8", "10.0.0.1", None)))
    assert all(map(is_private, ("10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "localhost", "100.64.0.1")))
    assert not any(map(is_private, ("8.8.8.8", "mirror.example", "", None)))
