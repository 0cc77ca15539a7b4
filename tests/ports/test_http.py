"""Downloads against a loopback server that misbehaves: what arrives is whole and right, or nothing is kept."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import SourceError, TrustError
from boatyard.ports.http import AbsentError, Fetcher, Patience, redirect_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.web_server import Handler, Web

CONTENT = bytes(range(256)) * 400  # 102,400 bytes
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HASTY = Patience(silence_s=10, attempts=3, pause_s=0.01)


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(HASTY)


def download(fetcher: Fetcher, url: str, to: Path, content: bytes = CONTENT) -> None:
    fetcher.download(url, to, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def refused(fetcher: Fetcher, url: str, folder: Path, kind: type[Exception]) -> str:
    """Downloads what must be refused; nothing may stay in the folder."""
    with pytest.raises(kind) as error:
        download(fetcher, url, folder / "file")
    assert list(folder.iterdir()) == []
    return str(error.value)


def test_a_file_is_downloaded(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files["/a?b=c"] = CONTENT
    download(fetcher, f"{web.url}/a?b=c", tmp_path / "new" / "file")
    assert (tmp_path / "new" / "file").read_bytes() == CONTENT
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o644


def test_one_connection_serves_many_files(web: Web, fetcher: Fetcher) -> None:
    web.files |= {f"/{n}": b"x" * n for n in range(10)}
    assert [fetcher.get(f"{web.url}/{n}", limit=10) for n in range(10)] == [b"x" * n for n in range(10)]
    assert len(web.connections) == 1


def test_a_chunked_body_keeps_the_connection(web: Web, fetcher: Fetcher) -> None:
    def chunked(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    web.behaviours["/c"] = chunked
    assert [fetcher.get(f"{web.url}/c", limit=5) for _ in range(2)] == [b"abcde"] * 2
    assert len(web.connections) == 1


def test_a_server_that_closed_idle_connections_is_asked_again(web: Web, fetcher: Fetcher) -> None:
    def close_after(handler: Handler) -> None:
        handler.answer(200, b"abc")
        handler.close_connection = True  # without telling the client

    web.behaviours["/c"] = close_after
    assert [fetcher.get(f"{web.url}/c", limit=5) for _ in range(3)] == [b"abc"] * 3


def test_changed_content_is_refused(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files["/f"] = CONTENT[:-1] + b"!"
    message = refused(fetcher, f"{web.url}/f", tmp_path, TrustError)
    assert SHA256 in message
    assert len(web.requests) == 1, "a wrong digest is not tried again"


def test_a_shorter_file_is_refused(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files["/f"] = CONTENT[:-1]
    refused(fetcher, f"{web.url}/f", tmp_path, TrustError)


def test_an_old_file_stays_when_the_new_one_is_refused(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files["/f"] = b"evil"
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(TrustError):
        download(fetcher, f"{web.url}/f", tmp_path / "file")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_more_than_announced_is_refused_at_once(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files["/f"] = CONTENT * 2
    assert "longer than" in refused(fetcher, f"{web.url}/f", tmp_path, TrustError)


def test_an_endless_body_is_cut_at_the_limit(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    sent = [0]

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:
            sent[0] += handler.wfile.write(CONTENT)

    web.behaviours["/f"] = endless
    refused(fetcher, f"{web.url}/f", tmp_path, TrustError)
    with pytest.raises(TrustError, match="longer than the 1000 bytes"):
        fetcher.get(f"{web.url}/f", limit=1000)
    assert sent[0] < 64 << 20, "bounded by what the sockets hold"


@pytest.mark.parametrize("percent", range(0, 100, 7))
def test_a_download_goes_on_where_it_was_cut(percent: int, web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    cut = len(CONTENT) * percent // 100

    def once(handler: Handler) -> None:
        del web.behaviours["/f"]
        handler.give(CONTENT, cut=cut)

    web.files["/f"] = CONTENT
    web.behaviours["/f"] = once
    download(fetcher, f"{web.url}/f", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert web.headers[1].get("Range") == (f"bytes={cut}-" if cut else None)


def test_a_file_that_changed_between_attempts_is_fetched_anew(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    def once(handler: Handler) -> None:
        del web.behaviours["/f"]
        handler.give(b"another" * 10_000, cut=5000)

    web.files["/f"] = CONTENT
    web.behaviours["/f"] = once
    download(fetcher, f"{web.url}/f", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_that_was_not_asked_for_is_not_taken(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    def wrong_part(handler: Handler) -> None:
        if len(web.requests) == 1:
            return handler.give(CONTENT, cut=5000)
        if len(web.requests) == 2:
            return handler.answer(206, CONTENT[6000:], Content_Range=f"bytes 6000-{len(CONTENT) - 1}/{len(CONTENT)}")
        return handler.give(CONTENT)

    web.behaviours["/f"] = wrong_part
    download(fetcher, f"{web.url}/f", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_always_cut_is_refused(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.behaviours["/f"] = lambda handler: handler.give(CONTENT, cut=10)
    message = refused(fetcher, f"{web.url}/f", tmp_path, SourceError)
    assert "cannot be reached" in message
    assert len(web.requests) == HASTY.attempts
    with pytest.raises(SourceError, match=r"ended after \d+ of 102400 bytes"):
        fetcher.get(f"{web.url}/f", limit=len(CONTENT))


def test_a_silent_server_is_given_up(web: Web, tmp_path: Path) -> None:
    fetcher = Fetcher(Patience(silence_s=0.2, attempts=2, pause_s=0.01))
    done = threading.Event()
    web.behaviours["/f"] = lambda handler: done.wait(20)
    assert "timed out" in refused(fetcher, f"{web.url}/f", tmp_path, SourceError)
    done.set()


def test_a_server_that_drips_is_given_up(web: Web, tmp_path: Path) -> None:
    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        for byte in CONTENT:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.02)

    web.behaviours["/f"] = drip
    fetcher = Fetcher(Patience(silence_s=2.0, attempts=1))
    assert "slower than 1000 bytes a second" in refused(fetcher, f"{web.url}/f", tmp_path, SourceError)


@pytest.mark.parametrize("status", [404, 410])
def test_an_absent_file_is_told_apart_and_not_retried(status: int, web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.behaviours["/f"] = lambda handler: handler.answer(status, b"<html>")
    refused(fetcher, f"{web.url}/f", tmp_path, AbsentError)
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 416, 501])
def test_a_refusal_is_not_retried(status: int, web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.behaviours["/f"] = lambda handler: handler.answer(status)
    assert f"HTTP status {status}" in refused(fetcher, f"{web.url}/f", tmp_path, SourceError)
    assert len(web.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int, web: Web, fetcher: Fetcher) -> None:
    def busy_once(handler: Handler) -> None:
        del web.behaviours["/f"]
        handler.answer(status, Retry_After="0")

    web.files["/f"] = CONTENT
    web.behaviours["/f"] = busy_once
    assert fetcher.get(f"{web.url}/f", limit=len(CONTENT)) == CONTENT


def test_a_server_that_stays_busy_may_be_tried_later(web: Web, fetcher: Fetcher) -> None:
    web.behaviours["/f"] = lambda handler: handler.answer(503)
    with pytest.raises(SourceError, match="HTTP status 503") as error:
        fetcher.get(f"{web.url}/f", limit=10)
    assert error.value.temporary


def test_redirects_are_followed(web: Web, serve: Callable[[], Web], fetcher: Fetcher) -> None:
    other = serve()
    other.files["/there"] = b"here"
    web.behaviours["/a"] = lambda handler: handler.answer(302, Location="/b")
    web.behaviours["/b"] = lambda handler: handler.answer(301, b"moved", Location=f"{other.url}/there")
    assert fetcher.get(f"{web.url}/a", limit=10) == b"here"


def test_a_redirect_loop_ends(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.behaviours["/a"] = lambda handler: handler.answer(302, Location="/a")
    assert "redirects" in refused(fetcher, f"{web.url}/a", tmp_path, SourceError)
    assert len(web.requests) == 6


ELSEWHERE = "http://mirror.invalid/f"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (ELSEWHERE, "file:///etc/passwd"),
        (ELSEWHERE, "ftp://mirror.invalid/f"),
        (ELSEWHERE, "javascript:alert(1)"),
        (ELSEWHERE, "http://[bad/"),
        (ELSEWHERE, "//169.254.169.254/metadata"),
        (ELSEWHERE, "http://2852039166/metadata"),
        (ELSEWHERE, "http://0xa9.254.169.254/metadata"),
        (ELSEWHERE, "//[fe80::1]/"),
        (ELSEWHERE, "//[::1]/"),
        (ELSEWHERE, "//127.0.0.1:8080/"),
        (ELSEWHERE, "//127.1/"),
        (ELSEWHERE, "//localhost/"),
        (ELSEWHERE, "//localhost./"),
        (ELSEWHERE, "//0.0.0.0/"),
        ("https://mirror.invalid/f", "http://mirror.invalid/f"),
    ],
)
def test_unsafe_redirects_are_refused(url: str, location: str) -> None:
    with pytest.raises(SourceError, match="redirects to an unsafe address"):
        redirect_target(url, location)


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        (ELSEWHERE, "/g", "http://mirror.invalid/g"),
        (ELSEWHERE, "https://other.invalid/g", "https://other.invalid/g"),
        ("http://10.0.0.6/f", "//10.0.0.7/g", "http://10.0.0.7/g"),
        ("http://127.0.0.1:80/f", "//127.0.0.1:81/g", "http://127.0.0.1:81/g"),
    ],
)
def test_ordinary_redirects_are_followed(url: str, location: str, target: str) -> None:
    assert redirect_target(url, location) == target


def test_an_unsafe_redirect_of_a_server_is_refused(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.behaviours["/f"] = lambda handler: handler.answer(302, Location="file:///etc/passwd")
    assert "unsafe" in refused(fetcher, f"{web.url}/f", tmp_path, SourceError)


@pytest.mark.parametrize(
    "url", ["ftp://h/f", "file:///etc/passwd", "h/f", "http://", "http://[bad", "http://h:x/f", ""]
)
def test_what_is_no_web_address_is_refused(url: str, fetcher: Fetcher, tmp_path: Path) -> None:
    refused(fetcher, url, tmp_path, SourceError)


@pytest.mark.parametrize("path", ["a b", "a\r\nX: y", "ä"])
def test_a_path_that_cannot_be_asked_for_is_refused(path: str, web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    refused(fetcher, f"{web.url}/{path}", tmp_path, SourceError)


def test_an_unreachable_server_names_the_host(fetcher: Fetcher, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        message = refused(fetcher, f"http://127.0.0.1:{port}/f", tmp_path, SourceError)
    assert f"127.0.0.1:{port} cannot be reached: " in message
    assert "run the same command again" in message


def test_nonsense_instead_of_http_is_refused(fetcher: Fetcher, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            for _ in range(HASTY.attempts):
                client, _ = server.accept()
                with client:
                    client.sendall(b"220 mail.invalid ESMTP\r\n" * 100)

        speaker = threading.Thread(target=speak)
        speaker.start()
        refused(fetcher, f"http://127.0.0.1:{server.getsockname()[1]}/f", tmp_path, SourceError)
        speaker.join()


def test_many_threads_share_a_fetcher(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    web.files |= {f"/{n}": bytes([n]) * 50_000 for n in range(64)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: download(fetcher, f"{web.url}/{n}", tmp_path / str(n), web.files[f"/{n}"]), range(64)))
    assert all((tmp_path / str(n)).read_bytes() == web.files[f"/{n}"] for n in range(64))
    assert len(web.connections) <= 8
