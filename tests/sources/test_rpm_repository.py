"""Repositories on a web server that can misbehave: what is fetched of them, what is refused, what the cache is for."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.rpm.rpm_file import Package, write

from boatyard.base.error import BoatyardError, SourceError, TrustError
from boatyard.build.solve import Universe, solve
from boatyard.ports.http import Fetcher, Patience
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.key import SigningKey, find_or_make_key
from boatyard.rpm.signature import sign_file
from boatyard.sources.metalink import read_metalink
from boatyard.sources.rpm_repository import PinnedRepository, RepositoryCache, RpmRepository
from boatyard.sources.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web_server import Web

    from boatyard.ports.run import HostRunner

METALINK = """\
<?xml version="1.0"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml"><mm0:timestamp>1</mm0:timestamp>
  <verification><hash type="md5">00</hash><hash type="sha256">{digest}</hash></verification>
  <resources maxconnections="1">{resources}</resources>
 </file></files>
</metalink>
"""


def metalink(digest: str, *urls: str) -> bytes:
    """The first address is the one that is preferred."""
    lines = [f'<url protocol="http" preference="{100 - n}">{url}</url>' for n, url in enumerate(urls)]
    return METALINK.format(digest=digest, resources="".join(reversed(lines))).encode()


@dataclass
class Place:
    """A repository of two packages, served at /repo; caches for it are below `folder`."""

    folder: Path
    web: Web
    run: HostRunner
    notes: list[str] = field(default_factory=list)

    def publish(self, at: str = "/repo", *, version: str = "1.3", key: SigningKey | None = None) -> str:
        """Makes it anew, and gives the digest of its repomd.xml."""
        made = self.folder / f"made{at}-{version}".replace("/", "_")
        made.mkdir()
        write(Package("zlib", version=version, arch="noarch"), made / "zlib.rpm")
        write(Package("a+b", arch="noarch", requires=(("zlib", 0, ""),)), made / "a+b.rpm")
        digest = write_repodata(made, ["zlib.rpm", "a+b.rpm"])
        if key is not None:
            repomd = made / "repodata/repomd.xml"
            repomd.with_suffix(".xml.asc").write_bytes(sign_file(repomd, key, self.run))
        for path in made.rglob("*"):
            if path.is_file():
                name = f"{at}/{path.relative_to(made)}"
                self.web.files[name.replace("+", "%2B")] = path.read_bytes()
        return digest

    def cache(self, *, offline: bool = False) -> RepositoryCache:
        patience = Patience(silence_s=20, attempts=1, pause_s=0)
        store = ContentStore(self.folder / "download", Fetcher(patience, {}))
        return RepositoryCache(self.folder / "cache", store, self.run, self.notes.append, offline=offline)

    def pin(self, *, offline: bool = False, metalink: str = "", key: str = "") -> PinnedRepository:
        base = "" if metalink else f"{self.web.url}/repo/"
        return self.cache(offline=offline).pin(RpmRepository(name="sea", base=base, metalink=metalink, key=key))

    def part(self, kind: str, at: str = "/repo") -> str:
        """The address of a part of the metadata."""
        (name,) = (name for name in self.web.files if name.startswith(f"{at}/repodata/") and f"-{kind}.xml" in name)
        return name


@pytest.fixture
def place(tmp_path: Path, web: Web, run: HostRunner) -> Iterator[Place]:
    yield Place(tmp_path, web, run)


@pytest.fixture
def key(tmp_path: Path, run: HostRunner) -> SigningKey:
    return find_or_make_key(tmp_path / "keys/sea", "Sea", "sea@localhost", run)


def test_metadata_once_and_packages_when_they_are_asked_for(place: Place) -> None:
    digest = place.publish()
    pinned = place.pin()
    assert pinned == PinnedRepository(name="sea", revision=digest, bases=(f"{place.web.url}/repo",))
    assert not any(path.endswith((".rpm", "-other.xml.gz")) for path in place.web.requests)
    folder = place.cache().folder(pinned)
    packages = solve(Universe((), [folder]), ["a+b"], "x86_64")
    assert [rpm.name for rpm in packages] == ["a+b", "zlib"]
    paths = [place.cache().package(pinned, rpm) for rpm in packages]
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] == [rpm.sha256 for rpm in packages]
    asked = len(place.web.requests)
    assert place.pin() == pinned
    assert place.web.requests[asked:] == ["/repo/repodata/repomd.xml"]


def test_a_newer_repository_lies_beside_the_older(place: Place) -> None:
    place.publish()
    old = place.pin()
    for name in [name for name in place.web.files if name.startswith("/repo/")]:
        del place.web.files[name]
    place.publish(version="1.4")
    new = place.pin()
    assert new.revision != old.revision
    cache = place.cache()
    evrs = [str(solve(Universe((), [cache.folder(one)]), ["zlib"], "x86_64")[0].evr) for one in (old, new)]
    assert evrs == ["1.3-1", "1.4-1"]


def test_without_a_server_what_was_there_last_is_used_and_told(place: Place) -> None:
    place.publish()
    with pytest.raises(SourceError, match="not in the cache, and nothing is fetched offline"):
        place.pin(offline=True)
    pinned = place.pin()
    asked = len(place.web.requests)
    assert place.pin(offline=True) == pinned
    assert len(place.web.requests) == asked
    assert place.notes == []
    place.web.behaviours["/repo/repodata/repomd.xml"] = lambda handler: handler.answer(503)
    assert place.pin() == pinned
    assert "what was fetched of it last is used" in place.notes[0]
    (rpm,) = solve(Universe((), [place.cache().folder(pinned)]), ["zlib"], "x86_64")
    with pytest.raises(SourceError, match=r"zlib-1\.3-1\.noarch\.rpm of repository sea is not in the cache"):
        place.cache(offline=True).package(pinned, rpm)


def test_damaged_metadata_is_fetched_anew(place: Place) -> None:
    place.publish()
    pinned = place.pin()
    (primary,) = place.cache().folder(pinned).glob("repodata/*-primary.xml.gz")
    primary.write_bytes(b"rot")
    with pytest.raises(SourceError, match="offline"):
        place.pin(offline=True)
    place.pin()
    assert solve(Universe((), [place.cache().folder(pinned)]), ["zlib"], "x86_64")


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ((b'type="primary"', b'type="elsewhere"'), SourceError, "no primary metadata"),
        ((b'href="repodata/', b'href="../repodata/'), TrustError, "outside of repodata"),
        ((b'href="repodata/', b'href="repodata/../../'), TrustError, "outside of repodata"),
        ((b'checksum type="sha256"', b'checksum type="md5"'), TrustError, "no SHA-256"),
        ((b"<size>", b"<size>9999999999"), TrustError, "bytes"),
        ((b"<repomd", b"<nothing"), BoatyardError, "sea"),
    ],
)
def test_what_repomd_may_not_say(
    place: Place, change: tuple[bytes, bytes], error: type[BoatyardError], told: str
) -> None:
    place.publish()
    text = place.web.files["/repo/repodata/repomd.xml"]
    assert change[0] in text
    place.web.files["/repo/repodata/repomd.xml"] = text.replace(*change)
    with pytest.raises(error, match=told):
        place.pin()
    assert not list((place.folder / "cache").glob("metadata/*"))


def test_metadata_that_is_not_what_repomd_says_is_refused(place: Place) -> None:
    place.publish()
    name = place.part("primary")
    place.web.files[name] = bytes(reversed(place.web.files[name]))
    with pytest.raises(TrustError, match="not the file that was promised"):
        place.pin()


def test_a_decompression_bomb_is_refused(place: Place) -> None:
    place.publish()
    old = place.part("primary")
    bomb = gzip.compress(b"\0" * (300 << 20))
    repomd, data = "/repo/repodata/repomd.xml", place.web.files[old]
    text = place.web.files[repomd].replace(hashlib.sha256(data).hexdigest().encode(), b"@", 1)
    text = text.replace(b"@", hashlib.sha256(bomb).hexdigest().encode())
    place.web.files[repomd] = text.replace(b"<size>%d<" % len(data), b"<size>%d<" % len(bomb), 1)
    place.web.files[old] = bomb
    with pytest.raises(SourceError, match="unpacks to more"):
        place.pin()


@pytest.mark.tool
def test_a_signature_is_checked_where_there_is_one(place: Place, key: SigningKey, run: HostRunner) -> None:
    address = f"{place.web.url}/key"
    place.web.files["/key"] = key.public
    place.publish(key=key)
    assert place.pin(key=address).revision
    signature, old = "/repo/repodata/repomd.xml.asc", place.web.files["/repo/repodata/repomd.xml.asc"]
    other = find_or_make_key(place.folder / "keys/other", "Other", "other@localhost", run)
    repomd = place.folder / "made_repo-1.3/repodata/repomd.xml"
    place.web.files[signature] = sign_file(repomd, other, run)
    with pytest.raises(TrustError, match="not signed by its key") as raised:
        place.pin(key=address)
    assert "remove" in raised.value.hint
    # Another key at the same address is not taken.
    place.web.files["/key"] = other.public
    with pytest.raises(TrustError, match="not signed by its key"):
        place.pin(key=address)
    place.web.files[signature] = old
    assert place.pin(key=address).revision
    del place.web.files[signature]  # packages are signed besides
    assert place.pin(key=address).revision


def test_a_key_that_is_none_is_refused(place: Place) -> None:
    place.publish()
    place.web.files["/key"] = b"<html>"
    with pytest.raises(TrustError, match="no public key"):
        place.pin(key=f"{place.web.url}/key")


def test_mirrors_of_a_metalink_stand_in_for_each_other(place: Place) -> None:
    digest, url = place.publish("/one"), place.web.url
    place.publish("/two", version="1.2")
    ends = [f"{url}{at}/repodata/repomd.xml" for at in ("/away", "/two", "/one")]
    place.web.files["/metalink"] = metalink(digest, *ends)
    pinned = place.pin(metalink=f"{url}/metalink")
    assert pinned.revision == digest
    assert pinned.bases == (f"{url}/one", f"{url}/away", f"{url}/two")
    (rpm,) = solve(Universe((), [place.cache().folder(pinned)]), ["zlib"], "x86_64")
    assert place.cache().package(pinned, rpm).is_file()
    place.web.files["/metalink"] = metalink("0" * 64, *ends)
    with pytest.raises((TrustError, SourceError)):
        place.pin(metalink=f"{url}/metalink")


def test_a_metalink_leads_neither_to_http_nor_inside() -> None:
    names = ("http://far.example", "https://127.0.0.1", "https://10.1.2.3", "file:///etc", "https://good.example/f")
    found = read_metalink(
        metalink("ab", *(f"{name}/repodata/repomd.xml" for name in names)), "https://mirrors.example/metalink?repo=f"
    )
    assert found.bases == ("https://good.example/f",)
    assert not found.vouches_for(b"")


@pytest.mark.parametrize(
    "text", [b"", b"<html/>", b"<metalink>", b'<!DOCTYPE x [<!ENTITY a "aa">]><metalink>&a;</metalink>', b"\xff\xfe"]
)
def test_what_is_no_metalink_is_told(text: bytes) -> None:
    with pytest.raises(SourceError, match="is no metalink"):
        read_metalink(text, "https://mirrors.example/metalink")
