"""`boatyard overlay list` and `check` on a small project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
[components.a]
spec = { type = "local", path = "a/a.spec" }

[[components.a.overlays]]
type = "spec-update-tag"
tag = "Version"
value = "2"
description = "newer"

[[components.a.overlays]]
type = "spec-search-replace"
section = "%build"
regex = "^make  all$"
replacement = "make"

[components.b]
spec = { type = "upstream" }

[[components.b.overlays]]
type = "spec-set-macro"
macro = "with_x"
value = "0"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    for name, text in (("a", "Name: a\nVersion: 1\n%build\nmake all\n"), ("b", "%global with_x 1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.spec").write_text(text)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    code = main(["overlay", *words, "-o", "json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out) if captured.out else [], captured.err


def test_list(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = run(capsys, "list", "-C", str(project))
    assert code == 0
    assert [(row["component"], row["number"], row["target"]) for row in rows] == [
        ("a", 1, "Version 2"),
        ("a", 2, "%build ^make  all$"),
        ("b", 1, "with_x 0"),
    ]


def test_check_finds_what_is_broken(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, err = run(capsys, "check", "-C", str(project))
    assert code == 8
    assert [(row["component"], row["number"], row["finding"]) for row in rows] == [("a", 2, "broken")]
    assert "line 4: make all" in rows[0]["what"]
    assert "1 overlays do not apply" in err
    assert "1 components were not tried" in err


def test_check_of_source_trees(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, rows, _ = run(capsys, "check", "-C", str(project), "b", "--sources", str(project))
    assert (code, rows) == (0, [])


def test_check_of_a_source_tree_named_as_upstream(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PROJECT.replace('{ type = "upstream" }', '{ type = "upstream", upstream-name = "u" }')
    (project / "boatyard.toml").write_text(text)
    (project / "trees/u").mkdir(parents=True)
    (project / "b/b.spec").rename(project / "trees/u/u.spec")
    code, rows, _ = run(capsys, "check", "-C", str(project), "b", "--sources-dir", str(project / "trees"))
    assert (code, rows) == (0, [])


def test_check_without_a_source_tree(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", "-C", str(project), "b")
    assert code == 2
    assert "no unchanged source tree" in err


def test_extensions_need_a_boatyard_toml(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "boatyard.toml").rename(project / "azldev.toml")
    code, _, err = run(capsys, "list", "-C", str(project))
    assert code == 2
    assert "components.b.overlays" in err
