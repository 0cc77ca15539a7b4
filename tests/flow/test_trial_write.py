"""The folder of a report: what an earlier trial left goes, what is somebody's stays, and two trials take turns."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.flow.trial.write import prepared

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_an_earlier_trial_left_goes(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    with prepared(folder):
        (folder / "console.log").write_text("old")
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("report.json", "junit.xml", "deploy-1-a.sh.log", "mine.txt"):
        (folder / name).write_text("old")
    with prepared(folder):
        assert names(folder) == {".lock", "console.log", "run.jsonl", "mine.txt"}
        assert (folder / "console.log").read_text() == ""


@pytest.mark.parametrize("name", ["junit.xml", "console.log", "deploy-prod.log"])
def test_what_no_trial_left_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("results of somebody else")
    with pytest.raises(ConfigError, match="would be replaced, and no trial left it"), prepared(tmp_path):
        pass
    assert (tmp_path / name).read_text() == "results of somebody else"


def test_a_folder_in_the_way_is_told_before_the_trial(tmp_path: Path) -> None:
    with prepared(tmp_path):
        (tmp_path / "report.html").mkdir()
    with pytest.raises(ConfigError, match="would be replaced"), prepared(tmp_path):
        pass


def test_another_trial_with_the_same_folder_waits(tmp_path: Path) -> None:
    waits, done = threading.Event(), threading.Event()

    def other() -> None:
        with prepared(tmp_path, waits.set):
            done.set()

    thread = threading.Thread(target=other)
    with prepared(tmp_path):
        (tmp_path / "report.json").write_text("{}")
        thread.start()
        assert waits.wait(60)
        assert not done.is_set()
        assert (tmp_path / "report.json").exists()
    thread.join(60)
    assert done.is_set()
    assert not (tmp_path / "report.json").exists()
