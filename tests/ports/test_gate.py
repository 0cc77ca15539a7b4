"""The way out of a sandbox: to listed servers only, whatever is asked and however."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from tests.web_server import serve, web

from boatyard.base.error import ConfigError
from boatyard.ports.gate import Place, may_reach, open_gate, parse_place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

__all__ = ["serve", "web"]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("a.example", "a.example", 443), ("A.Example:80", "a.example", 80), ("10.0.0.1:8080", "10.0.0.1", 8080)],
)
def test_places(text: str, host: str, port: int) -> None:
    assert parse_place(text) == Place(host, port)


@pytest.mark.parametrize(
    "text", ["", "*", "*.example", "https://a.example", "a b", "a..b", "a:0", "a:65536", "a:b", "-a", "a/"]
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ConfigError, match="no server"):
        parse_place(text)


@pytest.mark.parametrize(
    ("address", "listed", "passes"),
    [
        ("93.184.216.34", "a.example", True),
        ("127.0.0.1", "a.example", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("10.1.2.3", "a.example", False),
        ("192.168.1.1", "a.example", False),
        ("100.64.0.1", "a.example", False),
        ("169.254.169.254", "169.254.169.254", False),
        ("168.63.129.16", "168.63.129.16", False),
        ("0.0.0.0", "0.0.0.0", False),
        ("224.0.0.1", "224.0.0.1", False),
    ],
)
def test_addresses(address: str, listed: str, passes: bool) -> None:
    assert may_reach(address, Place(listed, 443)) is passes


def ask(path: Path, *lines: str) -> bytes:
    """What comes back for a request, until the other side ends."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while data := client.recv(65_536):
            answer += data
        return answer


def test_a_tunnel_leads_to_a_listed_server(tmp_path: Path, web: Web) -> None:
    web.files["/x"] = b"content"
    place = web.url.removeprefix("http://")
    with open_gate(tmp_path / "s", [place], {}) as gate:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(tmp_path / "s"))
            client.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
            assert client.recv(200).startswith(b"HTTP/1.1 200 ")
            client.sendall(b"GET /x HTTP/1.0\r\nConnection: close\r\n\r\n")
            answer = b""
            while not answer.endswith(b"content"):
                answer += client.recv(65_536)
        assert gate.used[parse_place(place)] == len(answer)
        assert not gate.refused


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("CONNECT 127.0.0.1:{other} HTTP/1.1", 403),
        ("CONNECT localhost:{port} HTTP/1.1", 403),
        ("CONNECT 127.0.0.1.:{port} HTTP/1.1", 403),
        ("CONNECT 0x7f.1:{port} HTTP/1.1", 403),
        ("CONNECT 2130706433:{port} HTTP/1.1", 403),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", 403),
        ("CONNECT 127.0.0.1:{port}@evil HTTP/1.1", 405),
        ("CONNECT [::1]:{port} HTTP/1.1", 405),
        ("CONNECT 127.0.0.1 HTTP/1.1", 405),
        ("GET http://127.0.0.1:{port}/x HTTP/1.1", 405),
        ("GET / HTTP/1.1", 405),
        ("CONNECT 127.0.0.1:{port} HTTP/1.1 ", 405),
        ("connect 127.0.0.1:{port} HTTP/1.1", 405),
        ("\x16\x03\x01", 405),
    ],
)
def test_all_else_is_refused(tmp_path: Path, web: Web, request_line: str, status: int) -> None:
    port = int(web.url.rpartition(":")[2])
    with open_gate(tmp_path / "s", [f"127.0.0.1:{port}"], {}) as gate:
        answer = ask(tmp_path / "s", request_line.format(port=port, other=port - 1))
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer
        assert not gate.used
    assert web.connections == set()


def test_a_name_that_leads_into_this_machine_is_not_followed(tmp_path: Path, web: Web) -> None:
    port = web.url.rpartition(":")[2]
    with open_gate(tmp_path / "s", [f"localhost:{port}"], {}) as gate:
        assert ask(tmp_path / "s", f"CONNECT localhost:{port} HTTP/1.1").startswith(b"HTTP/1.1 502 ")
        assert not gate.used
    assert web.connections == set()


def test_an_endless_head_and_a_silent_client_end(tmp_path: Path) -> None:
    with open_gate(tmp_path / "s", ["a.example"], {}):
        assert ask(tmp_path / "s", "x" * 20_000).startswith(b"HTTP/1.1 405 ")
        silent = socket.socket(socket.AF_UNIX)
        silent.connect(str(tmp_path / "s"))
    # It ends with the gate: by a reset when the gate was closed before it had taken the connection.
    with silent, contextlib.suppress(ConnectionResetError):
        assert silent.recv(10) == b""


def test_the_proxy_of_the_environment_is_asked(tmp_path: Path) -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def answer() -> None:
            client, _ = proxy.accept()
            with client:
                asked.append(client.recv(65_536))
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\nfrom beyond")

        thread = threading.Thread(target=answer)
        thread.start()
        environ = {"https_proxy": f"http://ada:secret@127.0.0.1:{proxy.getsockname()[1]}"}
        with open_gate(tmp_path / "s", ["a.example"], environ) as gate:
            assert ask(tmp_path / "s", "CONNECT a.example:443 HTTP/1.1").endswith(b"\r\n\r\nfrom beyond")
            assert gate.used == {Place("a.example", 443): 11}
        thread.join()
    assert asked[0].startswith(b"CONNECT a.example:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic YWRhOnNlY3JldA==" in asked[0]
