"""The store of build results: whole or absent, and verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_bytes
from boatyard.base.nevra import Evr
from boatyard.build.store import BuildStore

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ab" * 32


def add(store: BuildStore, work: Path, content: bytes = b"rpm"):
    work.mkdir(exist_ok=True)
    (work / "a.rpm").write_bytes(content)
    (work / "log").write_text("built")
    rpm = RpmFile(
        path=work / "a.rpm",
        name="a",
        evr=Evr("1", "2", 3),
        arch="noarch",
        size=len(content),
        sha256=sha256_bytes(content),
    )
    return store.add("a", KEY, (rpm,), work / "log", 0.0)


def test_what_is_added_is_found(tmp_path: Path) -> None:
    store = BuildStore(tmp_path / "store")
    assert store.find(KEY) is None
    added = add(store, tmp_path / "work")
    assert store.find(KEY) == added
    assert added.rpms[0].path.read_bytes() == b"rpm"
    assert added.rpms[0].evr == Evr("1", "2", 3)


@pytest.mark.parametrize("damage", [b"rpX", b"", None])
def test_damaged_result_is_not_used(tmp_path: Path, damage: bytes | None) -> None:
    store = BuildStore(tmp_path / "store")
    path = add(store, tmp_path / "work").rpms[0].path
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert store.find(KEY) is None
    assert add(store, tmp_path / "work") == store.find(KEY)
