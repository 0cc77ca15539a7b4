"""The ledger: the latest result and the one before, and nothing that a damaged file could say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.build_record import ARCH, result, used

from boatyard.artifact.build_ledger import read_entry, record_result
from boatyard.artifact.build_result import BuildInputs
from boatyard.base.error import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_latest_and_the_one_before(tmp_path: Path) -> None:
    assert read_entry(tmp_path, "zlib", ARCH) is None
    for build in ("1", "2", "3"):
        record_result(tmp_path, ARCH, result("zlib", build), reused=False)
    entry = read_entry(tmp_path, "zlib", ARCH)
    assert entry is not None
    assert entry.before is not None
    assert (entry.latest.key, entry.before.key, entry.reused) == ("zlib 3", "zlib 2", False)
    assert read_entry(tmp_path, "zlib", "aarch64") is None


def test_reuse_keeps_the_one_before(tmp_path: Path) -> None:
    for build in ("1", "2"):
        record_result(tmp_path, ARCH, result("zlib", build), reused=False)
    seen = BuildInputs(definition={"spec": "s1"}, environment=(used("glibc", "2"),))
    entry = record_result(tmp_path, ARCH, result("zlib", "2"), reused=True, seen=seen)
    assert entry == read_entry(tmp_path, "zlib", ARCH)
    assert entry.before is not None
    assert (entry.before.key, entry.reused, entry.seen) == ("zlib 1", True, seen)


def test_what_does_not_change_is_not_written(tmp_path: Path) -> None:
    record_result(tmp_path, ARCH, result("zlib"), reused=True)
    (path,) = tmp_path.iterdir()
    inode = path.stat().st_ino
    record_result(tmp_path, ARCH, result("zlib"), reused=True)
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data.replace(b"zlib 1", b"zlib 9")])
def test_damage_is_no_entry(tmp_path: Path, damage: object) -> None:
    record_result(tmp_path, ARCH, result("zlib"), reused=False)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert read_entry(tmp_path, "zlib", ARCH) is None
    assert record_result(tmp_path, ARCH, result("zlib", "2"), reused=False).before is None


def test_entry_of_another_component(tmp_path: Path) -> None:
    record_result(tmp_path, ARCH, result("zlib"), reused=False)
    (tmp_path / f"zlib.{ARCH}.json").rename(tmp_path / f"bash.{ARCH}.json")
    assert read_entry(tmp_path, "bash", ARCH) is None


def test_no_way_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be the name"):
        record_result(tmp_path / "built", ARCH, result("../zlib"), reused=False)
