"""`boatyard why` on the ledger of a small project, as text and JSON, and what it says when asked wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.build_record import ARCH, result, used

from boatyard.artifact.build_ledger import record_result
from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[project]
default-distro = { name = "dinghy", version = "1" }
[distros.dinghy.versions."1"]
release-ver = "1"
[components]
curl.spec = { type = "local", path = "curl.spec" }
zlib.spec = { type = "local", path = "zlib.spec" }
bash.spec = { type = "local", path = "bash.spec" }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """curl was rebuilt because a patch came to zlib."""
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    built = tmp_path / "yard/work/built"
    for made in (
        result("zlib", "1", leaves={"spec": "s1"}),
        result("curl", "1", environment=[used("zlib-devel", "1")]),
        result("zlib", "2", leaves={"spec": "s1", "file fix.patch": "p"}),
        result("curl", "2", environment=[used("zlib-devel", "2", interface="j")]),
    ):
        record_result(built, ARCH, made, reused=False)
    return tmp_path


def ask(project: Path, *words: str) -> int:
    return main(["why", "-C", str(project), "--work", str(project / "yard"), "--arch", ARCH, *words])


def test_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "bash", "curl") == 0
    assert (
        capsys.readouterr().out
        == """\
curl: built in the last run, because
  zlib-devel (1-1 → 1-2) of zlib: looks different to builds
    zlib was rebuilt, because
      file fix.patch is new

at the root of it:
  zlib: file fix.patch

bash: never built here
"""
    )


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "zlib", "-o", "json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["component"], told["verdict"], told["roots"]) == ("zlib", "was built", ["zlib: file fix.patch"])
    (leaf,) = told["reasons"]
    assert (leaf["type"], leaf["leaf"], leaf["change"]) == ("leaf", "file fix.patch", "added")


def test_other_architecture(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "curl", "--arch", "aarch64") == 0
    assert capsys.readouterr().out == "curl: never built here\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [(["crul"], 9, "did you mean 'curl'?"), ([], 2, "no components were selected")],
)
def test_asked_wrongly(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    assert ask(project, *words) == code
    assert message in capsys.readouterr().err
