"""Control groups of both versions, in a folder that looks like the kernel's: plain files in place of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boatyard.ports import control_group as module
from boatyard.ports.control_group import PREFIX, control_group, sweep

if TYPE_CHECKING:
    from pathlib import Path

OWN_V2 = "0::/user.slice/session-1.scope\n"
OWN_V1 = "8:pids:/\n4:memory:/jobs/one\n0::/\n"


def folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name.replace("_", ".", 1)).write_text(text)
    return path


@pytest.fixture
def v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only the top gives its children both controllers, as systemd has it for a session."""
    folder(tmp_path, cgroup_controllers="cpu memory pids", cgroup_subtree_control="cpu memory pids", cgroup_procs="")
    folder(tmp_path / "user.slice", cgroup_subtree_control="cpu pids", cgroup_procs="")
    folder(tmp_path / "user.slice/session-1.scope", cgroup_subtree_control="", cgroup_procs="1\n")
    # The kernel's folders can be removed though they have files.
    monkeypatch.setattr(module.ControlGroup, "remove", lambda group: None)
    return tmp_path


def test_version_2(v2: Path) -> None:
    with control_group(1 << 30, 50, v2, OWN_V2) as group:
        (procs,) = group.procs
        place = procs.parent
        assert place.parent == v2
        assert place.name.startswith(f"{PREFIX}{os.getpid()}-")
        assert group.held == ("memory", "pids")
        found = {path.name: path.read_text() for path in place.iterdir()}
        assert found == {
            "memory.max": "1073741824", "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "50",
        }  # fmt: skip
        assert not group.out_of_memory()
        (place / "memory.events").write_text("low 0\noom 3\noom_kill 0\n")
        assert not group.out_of_memory()
        (place / "memory.events").write_text("low 0\noom 3\noom_kill 1\n")
        assert group.out_of_memory()
        (place / "pids.events").write_text("max 4\n")
        assert group.refused_processes()
        (place / "memory.peak").write_text("123\n")
        assert group.peak_bytes() == 123


def test_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.ControlGroup, "remove", lambda group: None)
    folder(tmp_path / "memory/jobs/one", cgroup_procs="")
    folder(tmp_path / "pids", cgroup_procs="")
    with control_group(1 << 30, 50, tmp_path, OWN_V1) as group:
        memory, pids = (procs.parent for procs in group.procs)
        assert (memory.parent, pids.parent) == (tmp_path / "memory/jobs/one", tmp_path / "pids")
        assert (memory / "memory.limit_in_bytes").read_text() == "1073741824"
        assert (pids / "pids.max").read_text() == "50"
        (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
        assert group.out_of_memory()
        assert group.held == ("memory", "pids")


def test_machine_without_groups(tmp_path: Path) -> None:
    with control_group(1 << 30, 50, tmp_path, OWN_V1) as group:
        assert group.held == group.procs == ()
        assert not group.out_of_memory()
        assert not group.refused_processes()
        assert group.peak_bytes() == 0
        group.kill()


def test_groups_of_processes_that_are_gone_are_swept(tmp_path: Path) -> None:
    own = f"{PREFIX}{os.getpid()}-{module._start_time(os.getpid())}-aa"
    for name in (own, f"{PREFIX}{os.getpid()}-1-bb", f"{PREFIX}99999999-5-cc", "other", f"{PREFIX}strange"):
        (tmp_path / name).mkdir()
    assert sorted(sweep(tmp_path)) == sorted([f"{PREFIX}{os.getpid()}-1-bb", f"{PREFIX}99999999-5-cc"])
    assert {path.name for path in tmp_path.iterdir()} == {own, "other", f"{PREFIX}strange"}
