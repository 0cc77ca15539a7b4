"""A folder over HTTP: what is in it, and nothing else."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from boatyard.ports.serve import guest_url, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with things around it that nobody may see."""
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "repo"
    (root / "repodata").mkdir(parents=True)
    (root / "repodata" / "repomd.xml").write_text("<repomd/>")
    (root / "repodata" / "again.xml").symlink_to("repomd.xml")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path)
    (root / ".tmp-part").write_text("half")
    return root


def ask(url: str, method: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_files_are_given(folder: Path) -> None:
    with serving(folder) as url:
        assert url.startswith("http://127.0.0.1:")
        assert ask(url, "GET", "/repodata/repomd.xml") == (200, b"<repomd/>")
        assert ask(url, "GET", "/repodata/again.xml?x=1") == (200, b"<repomd/>")
        assert ask(url, "HEAD", "/repodata/repomd.xml") == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/repodata/",
        "/repodata",
        "/../secret",
        "/%2e%2e/secret",
        "/out",
        "/up/secret",
        "/.tmp-part",
        "/none",
        "/a%00",
    ],
)
def test_nothing_else_is(folder: Path, path: str) -> None:
    with serving(folder) as url:
        assert ask(url, "GET", path)[0] == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nothing_can_be_written(folder: Path, method: str) -> None:
    with serving(folder) as url:
        assert ask(url, method, "/repodata/repomd.xml")[0] == 501
    assert (folder / "repodata" / "repomd.xml").read_text() == "<repomd/>"


def test_two_servers_have_two_ports_and_end(folder: Path) -> None:
    with serving(folder) as one, serving(folder) as two:
        assert one != two
    with pytest.raises(ConnectionRefusedError):
        ask(one, "GET", "/repodata/repomd.xml")


def test_the_guest_sees_another_address() -> None:
    assert guest_url("http://127.0.0.1:8080/repo") == "http://10.0.2.2:8080/repo"
