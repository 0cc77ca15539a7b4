"""A shared store in which everything is damaged: a build does without it, in one run, and gives the same packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.history.test_nothing_stale import History, patched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

__all__ = ["patched"]
pytestmark = pytest.mark.tool


@pytest.mark.parametrize("read_only", ["", "1"])
def test_a_damaged_store_does_not_fail_a_build(
    patched: Path, web: Web, read_only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(patched / "history", web, 4)
    one, two = history.machines
    for component in history.distro.state.ones.values():
        component.needs = []
    history.distro.write()
    store = f"file://{history.folder}/shared"
    assert two.build(store=store) == 0, history.tell("it fails")
    objects = sorted((history.folder / "shared").glob("cas/*/*"))
    assert objects
    for path in objects:
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.unlink()
        path.write_bytes(data)
    monkeypatch.setenv("BOATYARD_STORE_READ_ONLY", read_only)
    for _ in range(2):
        assert one.build(store=store) == 0, history.tell("it fails")
        assert one.packages() == two.packages()
