import json
import os
from pathlib import Path

import pytest

from boatyard.graph.journal import Journal, read_lines


def test_lines_are_json_with_what_is_known(tmp_path: Path) -> None:
    with Journal(tmp_path / "logs/journal.jsonl") as journal:
        journal.tell("started", "less", step="build", attempt=1)
    lines = [json.loads(line) for line in (tmp_path / "logs/journal.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run", "started", "end"]
    assert {key: value for key, value in lines[1].items() if key not in ("time", "run")} == {
        "event": "started",
        "node": "less",
        "step": "build",
        "attempt": 1,
    }
    assert len({line["run"] for line in lines}) == 1


def killed_run(path: Path, *nodes: str) -> None:
    """A run that never came to its end."""
    journal = Journal(path)
    for node in nodes:
        journal.tell("started", node)
    journal.flush()


def test_a_restart_knows_how_often_nodes_were_started(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    killed_run(path, "a", "b")
    killed_run(path, "a")
    assert Journal(path).started == {"a": 2, "b": 1}


def test_an_orderly_end_makes_all_count_from_new(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.tell("started", "a")
    assert Journal(path).started == {}


def test_an_error_is_an_orderly_end(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "j"):
        raise KeyboardInterrupt
    assert [(line.event, line.text) for line in read_lines(tmp_path / "j")] == [
        ("run", ""),
        ("end", "KeyboardInterrupt"),
    ]


@pytest.mark.parametrize("kept", range(1, 30))
def test_a_torn_last_line_is_skipped_and_does_not_spoil_the_next(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "journal.jsonl"
    killed_run(path, "a", "b")
    first = path.read_bytes().index(b"\n") + 1
    os.truncate(path, first + kept)
    journal = Journal(path)
    assert journal.started == {"a": 1}
    journal.tell("started", "c")
    journal.flush()
    assert [line.node for line in read_lines(path)] == ["a", "c"]


def test_times_of_earlier_builds_are_known(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.tell("done", "a", seconds=4.0)
        journal.tell("done", "a", seconds=5.0)
        journal.tell("reused", "b")
    assert Journal(path).seconds == {"a": 5.0}


def test_lines_of_another_version_are_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"time": 1, "run": "x", "event": "started", "node": "a", "colour": "red"}\n[]\n\xff\n')
    assert Journal(path).started == {"a": 1}


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    with Journal(None) as journal:
        journal.tell("started", "a")
    assert list(tmp_path.iterdir()) == []
