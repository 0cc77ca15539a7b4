"""The depot of one machine: objects and records, whole or absent, whatever happens to them."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import NotFoundError, ToolError
from boatyard.build.depot import Depot, object_name, record_name
from boatyard.build.record import sealed, unsealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    with Depot.open(tmp_path / "depot") as depot:
        yield depot


def test_content_is_found_by_its_digest(depot: Depot, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    sha256 = depot.put_file(tmp_path / "file")
    assert sha256 == sha256_bytes(b"content")
    assert depot.fetch(sha256).samefile(tmp_path / "file"), "linked, not copied"
    assert depot.put_bytes(b"content") == sha256
    assert depot.has(sha256)
    assert not depot.has("0" * 64)


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_only_plain_files_are_kept(depot: Depot, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.rpm"
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(ToolError, match="is no plain file"):
        depot.put_file(path)


def test_layout(depot: Depot) -> None:
    sha256 = depot.put_bytes(b"x")
    depot.put_record(KEY, b"data", [sha256])
    root = depot.local.root
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == {f"cas/{sha256[:2]}/{sha256}", f"ac/ab/{KEY}", "use.lock"}


def test_what_nobody_has_is_told(depot: Depot) -> None:
    with pytest.raises(NotFoundError, match=f"has no object {OTHER}"):
        depot.fetch(OTHER)


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "AB" * 32, "a" * 63, "a" * 64 + "\n"])
def test_only_digests_are_names(depot: Depot, name: str) -> None:
    for use in (depot.fetch, depot.has, depot.record, lambda key: depot.put_record(key, b"")):
        with pytest.raises(ValueError, match="is no SHA-256"):
            use(name)
    with pytest.raises(ValueError, match="is no SHA-256"):
        depot.put_record(KEY, b"", [name])


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how == "link":
        path.symlink_to("/etc/hostname")
    elif how != "gone":
        path.write_bytes({"cut": whole[:-1], "empty": b"", "long": whole + b"x", "flip": b"\0" + whole[1:]}[how])


@pytest.mark.parametrize("how", ["cut", "empty", "long", "flip", "gone", "folder", "link"])
def test_damaged_object_is_removed_and_put_anew(depot: Depot, how: str) -> None:
    path = depot.fetch(depot.put_bytes(b"content"))
    damage(path, how)
    assert not depot.has(path.name)
    with pytest.raises(NotFoundError):
        depot.fetch(path.name)
    assert not os.path.lexists(path)
    depot.put_bytes(b"content")
    assert depot.fetch(path.name).read_bytes() == b"content"


@pytest.mark.parametrize("how", ["cut", "empty", "flip"])
def test_putting_mends_what_was_damaged(depot: Depot, how: str) -> None:
    path = depot.fetch(depot.put_bytes(b"content"))
    damage(path, how)
    assert depot.put_bytes(b"content") == path.name
    assert path.read_bytes() == b"content"


def test_record_is_found_by_its_key(depot: Depot, tmp_path: Path) -> None:
    assert depot.record(KEY) is None
    assert depot.put_record(KEY, b"first\nline\0")
    assert depot.record(KEY) == b"first\nline\0"
    assert not depot.put_record(KEY, b"second")
    assert depot.record(KEY) == b"first\nline\0"
    with Depot.open(tmp_path / "depot") as other:
        assert other.record(KEY) == b"first\nline\0"


def test_record_is_not_put_before_its_objects(depot: Depot) -> None:
    there = depot.put_bytes(b"there")
    with pytest.raises(NotFoundError, match=OTHER):
        depot.put_record(KEY, b"data", [there, OTHER])
    assert depot.record(KEY) is None


def test_record_whose_objects_are_gone_gives_way(depot: Depot) -> None:
    old, new = depot.put_bytes(b"old"), depot.put_bytes(b"new")
    depot.put_record(KEY, b"names old", [old])
    depot.fetch(old).unlink()
    assert depot.put_record(KEY, b"names new", [new])
    assert depot.record(KEY) == b"names new"


def attacks(raw: bytes) -> dict[str, bytes]:
    """What may lie where the record of KEY is expected."""
    chance = random.Random(raw)
    cuts = {f"cut at {at}": raw[:at] for at in [0, 1, *chance.sample(range(2, len(raw)), 12), len(raw) - 1]}
    flips = {}
    for at in chance.sample(range(len(raw)), 16):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << chance.randrange(8)
        flips[f"bit of byte {at}"] = bytes(flipped)
    return {
        "record of another key": sealed(OTHER, b"data", []),
        "other data under the old seal": raw.replace(b"\ndata", b"\nevil"),
        "other objects under the old seal": raw.replace(b'"objects":[]', b'"objects":["' + b"0" * 64 + b'"]'),
        "key exchanged, seal kept": sealed(OTHER, b"data", []).replace(OTHER.encode(), KEY.encode()),
        "another format": raw.replace(b'"format":1', b'"format":2'),
        "a field too many": raw.replace(b"{", b'{"more":1,', 1),
        "no JSON": b"\xff\xfe\n",
        "an array": b"[]\ndata",
        "deep JSON": b"[" * 100_000,
        "two records": raw + raw,
        "sealed with a secret": sealed(KEY, b"data", [], b"somebody's"),
        **cuts,
        **flips,
    }


RAW = sealed(KEY, b"data", [])


@pytest.mark.parametrize("attack", attacks(RAW))
def test_no_poisoned_record_is_read(depot: Depot, attack: str) -> None:
    depot.put_record(KEY, b"data")
    assert depot.local.path(record_name(KEY)).read_bytes() == RAW
    depot.local.path(record_name(KEY)).write_bytes(attacks(RAW)[attack])
    assert depot.record(KEY) is None
    if attack != "sealed with a secret":
        assert depot.put_record(KEY, b"made anew")
        assert depot.record(KEY) == b"made anew"


def test_seal_with_a_secret() -> None:
    secret, another = b"s" * 32, b"t" * 32
    for made_with, read_with in [(secret, secret), (b"", b"")]:
        record = unsealed(sealed(KEY, b"data", [OTHER], made_with), KEY, read_with)
        assert record == (b"data", (OTHER,))
    for made_with, read_with in [(secret, b""), (b"", secret), (secret, another)]:
        assert unsealed(sealed(KEY, b"data", [OTHER], made_with), KEY, read_with) is None


def test_what_a_killed_process_left_is_swept_when_nobody_else_works(tmp_path: Path) -> None:
    with Depot.open(tmp_path / "depot") as depot:
        left = depot.work / ".tmp-left"
        left.mkdir(parents=True)
        with Depot.open(tmp_path / "depot"):
            assert left.exists(), "it may be the first one's"
    with Depot.open(tmp_path / "depot"):
        assert not left.exists()


def test_objects_are_not_links_into_the_depots_own_work(depot: Depot) -> None:
    path = depot.fetch(depot.put_bytes(b"content"))
    assert path == depot.local.root / object_name(path.name)
    assert path.stat().st_nlink == 1
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(depot.work.iterdir()) == []
