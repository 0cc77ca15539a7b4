"""The commands, through the parser."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BoatyardError, CheckError, ConfigError
from boatyard.cli.component_render import add_diff_sources, add_render

if TYPE_CHECKING:
    from tests.render.conftest import Site

CONFIG = """\
[components.a]
spec = { type = "local", path = "a/a.spec" }
overlays = [
  { type = "spec-set-tag", tag = "Version", value = "2" },
  { type = "file-remove", file = "old" },
]
[components.b]
spec = { type = "local", path = "b/b.spec" }
"""


@pytest.fixture
def project(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    site.write({
        "azldev.toml": CONFIG,
        "a/a.spec": "Name: a\nVersion: 1\nRelease: 1\n", "a/old": "1\n",
        "b/b.spec": "Name: b\nRelease: 1.5\n",
    })  # fmt: skip
    monkeypatch.chdir(site.dir)
    return site


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers()
    add_render(verbs)
    add_diff_sources(verbs)
    args = parser.parse_args(words)
    code: int = args.run(args)
    return code


def test_render_and_check(project: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckError, match="2 component"):
        command("render", "-a", "--check")
    assert not (project.dir / "specs").exists()
    capsys.readouterr()
    assert command("render", "-a", "-o", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["component"], row["status"], row["changed"]) for row in rows] == [("a", "ok", True), ("b", "ok", True)]
    assert rows[0]["outputDir"] == str(project.dir / "specs/a/a")
    assert rows[0]["files"] == [{"path": "a.spec", "status": "added"}]
    assert command("render", "-a", "--check") == 0


def test_failures_are_rows(project: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("render", "a", "b", "--changes", "1", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert [row["status"] for row in json.loads(out)] == ["ok", "error"]
    assert "non-standard Release tag value '1.5'" in err
    with pytest.raises(BoatyardError, match="non-standard"):
        command("render", "b", "--changes", "1", "--fail-on-error")
    assert (
        command(
            "render", "b", "--changes", "1", "--bump-rule", "leading-integer", "--no-rpmautospec", "--fail-on-error"
        )
        == 0
    )
    assert (project.dir / "specs/b/b/b.spec").read_text().endswith("Release: 2.5\n")


def test_stale_folders_go_when_asked(project: Site) -> None:
    stale = project.dir / "specs/o/old"
    stale.mkdir(parents=True)
    command("render", "-a")
    with pytest.raises(CheckError, match="1 component"):
        command("render", "-a", "--check", "--clean-stale")
    assert stale.exists()
    command("render", "-a", "--clean-stale")
    assert not stale.exists()
    with pytest.raises(ConfigError, match="all components"):
        command("render", "a", "--clean-stale")


def test_another_folder_is_not_overwritten_unasked(project: Site) -> None:
    assert command("render", "a", "--output-dir", "elsewhere") == 0
    with pytest.raises(ConfigError, match="already exists"):
        command("render", "a", "--output-dir", "elsewhere")
    assert command("render", "a", "--output-dir", "elsewhere", "--force") == 0


@pytest.mark.parametrize(
    "words", [("render",), ("render", "a", "--changes", "-1"), ("diff-sources", "-a"), ("diff-sources",)]
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], project: Site) -> None:
    with pytest.raises(ConfigError):
        command(*words)


DIFF = """\
--- a/a.spec
+++ b/a.spec
@@ -1,3 +1,6 @@
+# This spec file has been modified by azldev to include build configuration overlays.
+# Do not edit manually; changes may be overwritten.
+
 Name: a
-Version: 1
+Version: 2
 Release: 1
--- a/old
+++ /dev/null
@@ -1 +0,0 @@
-1
"""


def test_diff_sources(project: Site, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert command("diff-sources", "a") == 0
    assert capsysbinary.readouterr().out.decode() == DIFF
    assert command("diff-sources", "a", "--output-file", "a.diff") == 0
    assert (project.dir / "a.diff").read_text() == DIFF
    assert command("diff-sources", "a", "-o", "json") == 0
    shown = json.loads(capsysbinary.readouterr().out)
    assert [(file["path"], file["status"]) for file in shown["files"]] == [("a.spec", "modified"), ("old", "removed")]
    assert not (project.dir / "specs").exists()
