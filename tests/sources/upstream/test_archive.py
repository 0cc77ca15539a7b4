"""Archives of a lookaside cache: checked before they are kept, whatever the server does."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import SourceError, TrustError
from boatyard.ports.http import AbsentError, Fetcher, Patience
from boatyard.sources.upstream.archive import ArchiveStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Handler, Web

GOOD = b"an archive\n" * 1000
SHA512, MD5 = hashlib.sha512(GOOD).hexdigest(), hashlib.md5(GOOD, usedforsecurity=False).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> ArchiveStore:
    return ArchiveStore(tmp_path / "store", Fetcher(Patience(attempts=2, pause_s=0), {}), limit=1 << 20)


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "store").rglob("*") if path.is_file())


def test_an_archive_is_fetched_once(web: Web, store: ArchiveStore, tmp_path: Path) -> None:
    web.files["/a"] = GOOD
    path = store.fetch("a", [f"{web.url}/a"], "SHA512", SHA512.upper())
    assert path.read_bytes() == GOOD
    assert store.fetch("a", [], "SHA512", SHA512) == path
    assert web.requests == ["/a"]
    assert kept(tmp_path) == [SHA512]


def test_the_first_address_with_the_right_content_counts(web: Web, store: ArchiveStore, tmp_path: Path) -> None:
    web.files |= {"/wrong": b"other", "/right": GOOD}
    urls = [f"{web.url}/{name}" for name in ("nowhere", "wrong", "right")]
    assert store.fetch("a", urls, "SHA512", SHA512).read_bytes() == GOOD
    with pytest.raises(TrustError, match="not the file"):
        store.fetch("b", urls[:2], "SHA256", "0" * 64)
    with pytest.raises(AbsentError):
        store.fetch("b", urls[:1], "SHA256", "0" * 64)
    with pytest.raises(SourceError, match="lookaside-base-uri"):
        store.fetch("b", [], "SHA256", "0" * 64)
    assert kept(tmp_path) == [SHA512]


def cut_once(handler: Handler) -> None:
    del handler.web.behaviours[handler.path]
    handler.give(GOOD, cut=4000)


def test_a_broken_download_goes_on(web: Web, store: ArchiveStore) -> None:
    web.files["/a"] = GOOD
    web.behaviours["/a"] = cut_once
    assert store.fetch("a", [f"{web.url}/a"], "SHA512", SHA512).read_bytes() == GOOD
    assert web.headers[1]["Range"] == "bytes=4000-"


def truncated(handler: Handler) -> None:
    handler.give(GOOD[:-1])


def oversized(handler: Handler) -> None:
    handler.give(GOOD + bytes(2 << 20))


def elsewhere(handler: Handler) -> None:
    handler.answer(302, Location="file:///etc/passwd")


def in_circles(handler: Handler) -> None:
    handler.answer(302, Location=handler.path)


@pytest.mark.parametrize("behaviour", [truncated, oversized, elsewhere, in_circles])
def test_nothing_wrong_is_kept(web: Web, store: ArchiveStore, tmp_path: Path, behaviour: object) -> None:
    web.behaviours["/a"] = behaviour  # type: ignore[assignment]
    with pytest.raises((TrustError, SourceError)):
        store.fetch("a", [f"{web.url}/a"], "SHA512", SHA512)
    assert kept(tmp_path) == []


def test_a_weak_digest_leads_to_a_strong_one(web: Web, store: ArchiveStore, tmp_path: Path) -> None:
    web.files |= {"/a": GOOD, "/wrong": b"other"}
    assert store.fetch_weak("a", [f"{web.url}/a"], MD5) == SHA512
    assert kept(tmp_path) == [SHA512]
    with pytest.raises(TrustError):
        store.fetch_weak("a", [f"{web.url}/wrong"], MD5)
    assert kept(tmp_path) == [SHA512]


def test_a_damaged_archive_is_fetched_anew(web: Web, store: ArchiveStore, tmp_path: Path) -> None:
    web.files["/a"] = GOOD
    path = store.fetch("a", [f"{web.url}/a"], "SHA512", SHA512)
    path.write_bytes(b"rotten")
    later = ArchiveStore(tmp_path / "store", Fetcher(environ={}))
    assert later.fetch("a", [f"{web.url}/a"], "SHA512", SHA512).read_bytes() == GOOD


def test_offline_nothing_is_asked(web: Web, store: ArchiveStore, tmp_path: Path) -> None:
    web.files["/a"] = GOOD
    store.fetch("a", [f"{web.url}/a"], "SHA512", SHA512)
    offline = ArchiveStore(tmp_path / "store", Fetcher(environ={}), offline=True)
    assert offline.fetch("a", [f"{web.url}/a"], "SHA512", SHA512).read_bytes() == GOOD
    with pytest.raises(SourceError, match="offline") as caught:
        offline.fetch("b", [f"{web.url}/a"], "SHA256", "0" * 64)
    assert "source mirror" in caught.value.hint
    assert web.requests == ["/a"]


def test_what_killed_runs_left_is_swept(tmp_path: Path) -> None:
    root = tmp_path / "store"
    old, young = root / ".tmp-old", root / ".tmp-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "archive").write_bytes(b"half")
    os.utime(old, (0, 0))
    ArchiveStore(root, Fetcher(environ={}))
    assert list(root.iterdir()) == [young]
