"""A component that is built twice: its two builds have nothing in common but their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.history.test_nothing_stale import History, patched

from boatyard.artifact.build_ledger import read_entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

__all__ = ["patched"]
pytestmark = pytest.mark.tool


def test_each_stage_has_a_log_and_only_the_last_is_written_down(patched: Path, web: Web) -> None:
    history = History(patched / "history", web, 3)
    (machine, *_) = history.machines
    for name, one in history.distro.state.ones.items():
        one.needs = {"c3": ["c1"], "c4": ["c3"]}.get(name, [])  # the repository has an older c1
    history.distro.write()
    assert machine.build("--plan", "D", "--jobs", "4", "--keep") == 0, history.tell("it fails")
    for folder, suffix in (("log/build", ".log"), ("work/kept", "")):
        there = {path.name for path in (machine.folder / "work" / folder).iterdir()}
        assert there >= {f"c3{suffix}", f"c3@stage1{suffix}"}
    entry = read_entry(machine.folder / "work/work/built", "c3", "x86_64")
    assert entry is not None
    assert entry.before is None

    assert machine.build("--plan", "D", "--audit", "100%") == 0, history.tell("the audit takes one stage for the other")
