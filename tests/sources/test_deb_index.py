"""Packages: only lists that the signed suite vouches for; the newest version of what they hold."""

from __future__ import annotations

import hashlib
import lzma
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BoatyardError, NotFoundError, SourceError, TrustError
from boatyard.sources.deb.index import DebIndex, dependency_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sources.deb_archive import Signer, Suite
    from tests.web_server import Web

    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.store import ContentStore

pytestmark = pytest.mark.tool


def test_packages_are_found(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.publish(web, signer)
    index = read()
    bash = index.package("bash")
    assert (bash.version, bash.source, bash.source_version) == ("5.2-1+b1", "bash", "5.2-1")
    assert (bash.architecture, bash.suite, bash.depends) == ("amd64", "trixie", "libc6 (>= 2.38)")
    assert hashlib.sha256(suite.debs[bash.path]).hexdigest() == bash.sha256
    assert len(suite.debs[bash.path]) == bash.size
    assert [package.name for package in index.binaries_of("bash")] == ["bash", "bash-doc"]
    assert index.package("libc6").source == "glibc"
    assert index.find("zsh") is None
    assert len(index) == 3


def test_the_list_is_fetched_by_digest_and_only_once(
    suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.publish(web, signer)
    read()
    read()
    lists = [path for path in web.requests if "Packages" in path or "by-hash" in path]
    assert len(lists) == 1
    assert "/by-hash/SHA256/" in lists[0]


def test_a_mirror_without_by_hash_folders(
    suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.publish(web, signer)
    web.files = {path: data for path, data in web.files.items() if "by-hash" not in path}
    assert len(read()) == 3


def test_an_archive_without_by_hash(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.by_hash = False
    suite.publish(web, signer)
    assert len(read()) == 3
    assert not [path for path in web.requests if "by-hash" in path]


def test_a_changed_list_is_refused(
    suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex], store: ContentStore, tmp_path: Path
) -> None:
    suite.publish(web, signer)
    forged = lzma.compress(suite.packages().replace(b"bash", b"evil"))
    for path in list(web.files):
        if "Packages" in path or "by-hash" in path:
            genuine = web.files[path]
            web.files[path] = forged[: len(genuine)].ljust(len(genuine), b"\0")
    with pytest.raises(TrustError, match="is not the file that was promised"):
        read()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("percent", [0, 1, 50, 99])
def test_a_truncated_list_is_refused(
    percent: int, suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.publish(web, signer)
    for path in list(web.files):
        if "Packages" in path or "by-hash" in path:
            web.files[path] = web.files[path][: len(web.files[path]) * percent // 100]
    with pytest.raises(TrustError):
        read()


@pytest.mark.parametrize("size", [0, 100, 10**6])
def test_a_list_that_unpacks_to_another_size_is_refused(
    size: int, suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.unpacked_size = size
    suite.publish(web, signer)
    with pytest.raises(TrustError, match=f"does not unpack to the {size} bytes"):
        read()


def test_a_bomb_is_not_unpacked(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.publish(web, signer, packed=lzma.compress(bytes(400 << 20), preset=0))
    with pytest.raises(TrustError, match="does not unpack"):
        read()


def test_a_list_too_large_to_be_true_is_refused(
    suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.unpacked_size = 1 << 40
    suite.publish(web, signer)
    with pytest.raises(SourceError, match="too large"):
        read()


def test_what_is_not_packed_is_refused(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.publish(web, signer, packed=b"not xz at all")
    with pytest.raises(TrustError, match="cannot be unpacked"):
        read()


def test_an_unknown_architecture_or_component(
    suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]
) -> None:
    suite.publish(web, signer)
    release = suite.release(b"").replace(b"binary-amd64", b"binary-riscv64")
    web.files["/debian/dists/trixie/InRelease"] = signer.sign(release)
    with pytest.raises(SourceError, match=r"the suite trixie has no main/binary-amd64/Packages\.xz"):
        read()


def test_the_newest_of_all_suites_wins(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.add("tool", "1.0-1").publish(web, signer)
    updates = type(suite)("trixie-updates", "stable-updates", suite.date, suite.valid_until)
    updates.add("bash", "5.2-1", source="bash").add("tool", "1.0-1").publish(web, signer)
    security = type(suite)("trixie-security", "stable-security", suite.date, suite.valid_until)
    security.add("bash", "5.2-1+deb13u1").add("libc6", "2.41-2", source="glibc")
    security.publish(web, signer, base="/debian-security")
    index = read("trixie", "trixie-updates", "trixie-security")
    assert (index.package("bash").version, index.package("bash").suite) == ("5.2-1+deb13u1", "trixie-security")
    assert (index.package("libc6").version, index.package("libc6").suite) == ("2.41-12", "trixie")
    assert index.package("tool").suite == "trixie", "the first suite wins among equals"
    # The newest source no longer makes bash-doc.
    assert [(p.name, p.source_version) for p in index.binaries_of("bash")] == [("bash", "5.2-1+deb13u1")]


def test_an_expired_list_is_read_only_where_apt_would_read_it(
    suite: Suite, web: Web, signer: Signer, mirror: Mirror, read: Callable[..., DebIndex]
) -> None:
    suite.valid_until = suite.date
    suite.publish(web, signer)
    with pytest.raises(TrustError, match="expired on"):
        read()
    object.__setattr__(mirror, "allow_expired", True)
    assert len(read()) == 3


def test_unknown_names(suite: Suite, web: Web, signer: Signer, read: Callable[..., DebIndex]) -> None:
    suite.publish(web, signer)
    index = read()
    with pytest.raises(NotFoundError, match="the suites trixie have no package bsah") as error:
        index.package("bsah")
    assert error.value.hint == ""
    with pytest.raises(NotFoundError) as error:
        index.package("bash-dok")
    assert "bash-doc" in error.value.hint
    with pytest.raises(NotFoundError, match="no source package libc6") as error:
        index.binaries_of("libc6")
    assert error.value.hint == "the binary package libc6 is made from the source package glibc"


def test_a_second_mirror_helps_out(
    suite: Suite, web: Web, signer: Signer, mirror: Mirror, read: Callable[..., DebIndex]
) -> None:
    suite.publish(web, signer, base="/second")
    object.__setattr__(mirror, "main", (f"{web.url}/first", f"{web.url}/second"))
    assert len(read()) == 3


@pytest.mark.parametrize("status", [404, 500])
def test_a_mirror_that_has_no_suite(status: int, web: Web, read: Callable[..., DebIndex]) -> None:
    web.behaviours["/debian/dists/trixie/InRelease"] = lambda handler: handler.answer(status)
    with pytest.raises(SourceError, match=r"/debian/dists/trixie/InRelease|cannot be reached"):
        read()


@pytest.mark.parametrize(
    "fields",
    [
        {"Filename": "pool/../../etc/passwd"},
        {"Filename": "/etc/passwd.deb"},
        {"Filename": "pool/main/../x.deb"},
        {"Filename": "pool/main/./x.deb"},
        {"Filename": "pool//x.deb"},
        {"Filename": "pool/main/b/bash/bash.rpm"},
        {"Filename": "http://evil.invalid/pool/x.deb"},
        {"Filename": "pool/main/b/x.deb?y"},
        {"Filename": ""},
        {"SHA256": ""},
        {"SHA256": "0" * 63},
        {"SHA256": "A" * 64},
        {"Size": "0"},
        {"Size": "-1"},
        {"Size": "1e3"},
        {"Size": str(1 << 50)},
        {"Version": "1/2"},
        {"Version": ""},
        {"Source": "../etc (1)"},
        {"Source": "bash (x y)"},
        {"Package": "../bash", "Source": "bash"},
        {"Package": "ba sh", "Source": "bash"},
    ],
)
def test_a_hostile_package_is_refused_when_it_is_asked_for(fields: dict[str, str], suite: Suite) -> None:
    suite.add("bad", "1", **{"Source": "bash", **fields})
    index = DebIndex()
    index.add(suite.packages(), "trixie")
    for look in (index.binaries_of, index.package):
        for name in ("bash", "bad", fields.get("Package", "bad"), fields.get("Source", "bad").partition(" ")[0]):
            try:
                found = look(name)
            except TrustError:
                return
            except NotFoundError:
                continue
            assert found
    pytest.fail("it was never refused")


def test_nonsense_gives_no_traceback() -> None:
    index = DebIndex()
    index.add(
        b"\n\n\n\0\xff\n\nPackage: a\n\nPackage: \xff\xfe\nVersion: 1\n\nno field\nPackage: b\nVersion: 1", "trixie"
    )
    for name in ("a", "b", "ÿþ"):
        with pytest.raises(BoatyardError):
            index.package(name)


@pytest.mark.parametrize(
    ("depends", "names"),
    [
        ("", ()),
        ("libc6 (>= 2.38), libtinfo6 (>= 6)", ("libc6", "libtinfo6")),
        ("aa | bb (<< 1:2~), python3:any,cc [amd64]", ("aa", "bb", "python3", "cc")),
        ("linux-image-6.12.1+deb13-cloud-amd64 (= 6.12.1-1)", ("linux-image-6.12.1+deb13-cloud-amd64",)),
    ],
)
def test_dependency_names(depends: str, names: tuple[str, ...]) -> None:
    assert dependency_names(depends) == names
