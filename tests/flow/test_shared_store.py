"""Two machines with a shared store: what one has built the other takes, and only whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.flow.test_kill import COMPONENTS, finish, make_project, state

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of both machines; each has its own home, and the project."""
    for number in "12":
        make_project(tmp_path / f"project{number}")
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("BOATYARD_STORE", f"file://{tmp_path}/shared")
    return tmp_path / "shared"


def test_the_second_machine_builds_nothing(shared: Path, tmp_path: Path) -> None:
    assert f"Build {COMPONENTS} of {COMPONENTS}" in finish(tmp_path / "project1", tmp_path / "home1")
    assert "Build" not in finish(tmp_path / "project2", tmp_path / "home2")
    assert state(tmp_path / "project1") == state(tmp_path / "project2")


def test_damage_in_the_store_is_built_anew(shared: Path, tmp_path: Path) -> None:
    finish(tmp_path / "project1", tmp_path / "home1")
    packages = [path for path in (shared / "cas").glob("*/*") if path.read_bytes()[:4] == b"\xed\xab\xee\xdb"]
    assert len(packages) == COMPONENTS
    record = next((shared / "ac").glob("*/*"))
    record.write_bytes(record.read_bytes()[:-1])
    packages[0].write_bytes(packages[1].read_bytes())
    told = finish(tmp_path / "project2", tmp_path / "home2")
    assert f"Build 1 of {COMPONENTS}" in told or f"Build 2 of {COMPONENTS}" in told, "the two may be of one component"
    assert state(tmp_path / "project1") == state(tmp_path / "project2")
