"""Files of Debian source packages: found in signed lists, locked, and fetched only as locked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.sources.deb_archive import Suite

from boatyard.base.error import ConfigError, NotFoundError, SourceError, TrustError
from boatyard.sources.deb.source_download import fetch_source_files
from boatyard.sources.deb.source_index import DebSourceFile, SourceIndex, read_source_index
from boatyard.sources.deb.source_lock import (
    LockedFile,
    diff_source_locks,
    load_source_lock,
    save_source_lock,
    source_lock_path,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sources.deb_archive import Signer
    from tests.web_server import Web

    from boatyard.ports.run import HostRunner
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.deb.release import Trust
    from boatyard.sources.store import ContentStore

ARCHIVE = b"what upstream gave out"
FILES = {"less_668.orig.tar.gz": ARCHIVE, "less_668-1.debian.tar.xz": b"d", "less_668-1.dsc": b"c"}
GOLDEN = """\
# Written by `boatyard component update pager`; not edited by hand.
lock-version = 1
kind = "deb-source"

[[file]]
name = "less_668.orig.tar.gz"
package = "less"
version = "668-1"
suite = "trixie"
path = "pool/main/l/less/less_668.orig.tar.gz"
size = 22
sha256 = "{sha256}"
"""


def index_of(*suites: Suite) -> SourceIndex:
    index = SourceIndex()
    for suite in suites:
        index.add(suite.sources(), suite.codename)
    return index


def a_suite(version: str = "668-1", files: dict[str, bytes] = FILES, codename: str = "trixie") -> Suite:
    return Suite(codename).add_source("less", version, files)


def locked(file: DebSourceFile) -> LockedFile:
    return LockedFile(**{key: getattr(file, key) for key in LockedFile.__struct_fields__})


@pytest.fixture
def lock() -> LockedFile:
    return locked(index_of(a_suite()).find("less", "less_668.orig.tar.gz"))


def test_a_file_is_found_by_its_name(lock: LockedFile) -> None:
    assert (lock.package, lock.version, lock.suite, lock.size) == ("less", "668-1", "trixie", len(ARCHIVE))
    assert lock.path == "pool/main/l/less/less_668.orig.tar.gz"
    assert lock.sha256 == hashlib.sha256(ARCHIVE).hexdigest()


def test_the_newest_version_that_has_it_wins() -> None:
    old, new = a_suite(), a_suite("668-1+deb13u1", FILES, "trixie-security")
    newest = a_suite("670-1", {"less_670.orig.tar.gz": b"x"}, "trixie-updates")
    index = index_of(old, new, newest)
    assert index.find("less", "less_668.orig.tar.gz").suite == "trixie-security"
    assert index.find("less", "less_670.orig.tar.gz").version == "670-1"


def test_what_is_not_there() -> None:
    index = index_of(a_suite("670-1", {"less_670.orig.tar.gz": b"x", "less_670-1.dsc": b"y"}))
    with pytest.raises(
        NotFoundError, match=r"less has no file less_668\.orig\.tar\.gz; it has less_670\.orig\.tar\.gz\n"
    ):
        index.find("less", "less_668.orig.tar.gz")
    with pytest.raises(NotFoundError, match="the suites trixie have no source package lees") as error:
        index.find("lees", "x")
    assert "less" in error.value.hint


@pytest.mark.parametrize(
    "fields",
    [
        {"Directory": "../../etc"},
        {"Directory": "/etc"},
        {"Directory": "pool/../x"},
        {"Directory": ""},
        {"Version": "1/2"},
        {"Version": ""},
        {"Package": "../less"},
        {"Checksums_Sha256": ""},
        {"Checksums_Sha256": "\n " + "0" * 64 + " 5 ../../x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + " 5 -x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + " 5 .x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + " 0 x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + " -1 x"},
        {"Checksums_Sha256": "\n " + "0" * 63 + " 5 x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + f" {1 << 50} x"},
        {"Checksums_Sha256": "\n " + "0" * 64 + " 5"},
    ],
)
def test_a_hostile_source_package_is_refused(fields: dict[str, str]) -> None:
    index = SourceIndex()
    index.add(Suite().add_source("less", "1-1", FILES, **fields).sources(), "trixie")
    with pytest.raises(TrustError, match="a source package of the suite trixie cannot be read"):
        index.files_of(fields.get("Package", "less"))


def test_nonsense_gives_no_traceback() -> None:
    index = SourceIndex()
    index.add(b"\n\n\0\xff\n\nPackage: a\n\nPackage: \xff\nVersion: 1\n\nno field", "trixie")
    with pytest.raises(TrustError):
        index.files_of("a")


@pytest.mark.tool
def test_lists_are_those_that_the_archive_signed(
    web: Web, signer: Signer, trust: Trust, mirror: Mirror, store: ContentStore, run: HostRunner, suite: Suite
) -> None:
    def read() -> SourceIndex:
        return read_source_index(("trixie",), ("main",), mirror, trust, store, run)

    suite.add_source("less", "668-1", FILES).publish(web, signer)
    assert read().find("less", "less_668.orig.tar.gz").size == len(ARCHIVE)
    (path,) = [path for path in web.files if path.endswith("Sources.xz")]
    store.path(hashlib.sha256(web.files[path]).hexdigest()).unlink()
    web.files[path] = web.files[path][:-1] + b"x"
    with pytest.raises(TrustError, match="is not the file that was promised"):
        read()


def test_the_lock_is_as_written_here(lock: LockedFile, tmp_path: Path) -> None:
    path = save_source_lock(tmp_path, "pager", [lock])
    assert path.read_text() == GOLDEN.format(sha256=lock.sha256)
    assert load_source_lock(tmp_path, "pager") == (lock,)
    assert load_source_lock(tmp_path, "other") is None


def test_changes_are_told_in_words(lock: LockedFile) -> None:
    name = lock.name
    other = structs.replace(lock, version="668-2")
    assert diff_source_locks(None, [lock]) == (f"{name}: added, from less 668-1",)
    assert diff_source_locks([lock], [lock]) == ()
    assert diff_source_locks([lock], []) == (f"{name}: removed, was from less 668-1",)
    assert diff_source_locks([lock], [other]) == (f"{name}: less 668-1 → less 668-2, the same file",)
    changed = structs.replace(lock, sha256="0" * 64)
    assert diff_source_locks([other], [changed]) == (f"{name}: less 668-2 → less 668-1 (older), other content",)
    assert diff_source_locks([lock], [changed]) == (f"{name}: less 668-1, other content, of the suite trixie",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pool/main/l/less/", "/etc/"),
        ("pool/main/l/less/", "pool/main/../"),
        ('name = "less', 'name = "../less'),
        ("lock-version = 1", "lock-version = 2"),
        ('kind = "deb-source"', 'kind = "deb"'),
        ("size = 22", "size = 0"),
        ("size = 22", 'size = "22"'),
        ("[[file]]", "<<<<<<< HEAD\n[[file]]"),
        ('suite = "trixie"', 'suite = "../x"'),
        ("sha256 = ", "sha512 = "),
    ],
)
def test_a_damaged_lock_is_refused(lock: LockedFile, before: str, after: str, tmp_path: Path) -> None:
    path = source_lock_path(tmp_path, "pager")
    save_source_lock(tmp_path, "pager", [lock])
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(ConfigError, match="the lock file is damaged") as error:
        load_source_lock(tmp_path, "pager")
    assert "boatyard component update pager" in error.value.hint


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b"x" * (2 << 20)])
def test_a_lock_that_is_none(data: bytes, tmp_path: Path) -> None:
    source_lock_path(tmp_path, "pager").write_bytes(data)
    with pytest.raises(ConfigError, match="the lock file is damaged"):
        load_source_lock(tmp_path, "pager")


def test_files_are_fetched_once_and_only_as_locked(
    lock: LockedFile, web: Web, mirror: Mirror, store: ContentStore
) -> None:
    path = f"/debian/{lock.path}"
    web.files[path] = ARCHIVE
    for _ in range(2):
        found = fetch_source_files({"pager": [lock]}, mirror, store)
        assert found["pager"][lock.name].read_bytes() == ARCHIVE
    assert web.requests.count(path) == 1
    store.path(lock.sha256).unlink()
    web.files[path] = ARCHIVE.upper()
    with pytest.raises(TrustError, match="is not the file that was promised"):
        fetch_source_files({"pager": [lock]}, mirror, store)


def test_a_file_that_has_left_the_mirror(lock: LockedFile, mirror: Mirror, store: ContentStore) -> None:
    with pytest.raises(SourceError, match="1 locked source files are no longer on the mirror") as error:
        fetch_source_files({"pager": [lock]}, mirror, store)
    assert "less_668.orig.tar.gz of less 668-1" in error.value.problems[0].detail
    assert "boatyard component update pager" in error.value.hint


@pytest.mark.tool
def test_a_suite_without_source_packages(
    web: Web, signer: Signer, trust: Trust, mirror: Mirror, store: ContentStore, run: HostRunner, suite: Suite
) -> None:
    suite.publish(web, signer)
    with pytest.raises(SourceError, match=r"the suite trixie has no main/source/Sources\.xz"):
        read_source_index(("trixie",), ("main",), mirror, trust, store, run)
