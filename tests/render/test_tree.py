"""Differences between folders, shown as patches that `patch` would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import SourceError
from boatyard.ports.run import Command
from boatyard.render.tree import compare_trees, copy_rendered, unified_diff

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

BEFORE = {
    "same": "s\n",
    "changed": "a\nb\nc\n",
    "gone": "g\n",
    "noeol": "x",
    "latin": b"\xe9\nb\n",
    "bin": b"\0a",
    "sub/deep": "1\n",
}
AFTER = {
    "same": "s\n",
    "changed": "a\nB\nc\n",
    "new": "n\n\x0b\n",
    "noeol": "x\n",
    "latin": b"\xe9\nB\n",
    "bin": b"\0b",
    "sub/deep": "2",
}
SHOWN = """\
Binary files a/bin and b/bin differ
--- a/changed
+++ b/changed
@@ -1,3 +1,3 @@
 a
-b
+B
 c
"""


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "old", dict(BEFORE)), write(tmp_path / "new", dict(AFTER))


def test_what_differs(trees: tuple[Path, Path]) -> None:
    found = [(one.path, one.status) for one in compare_trees(*trees)]
    modified = [(name, "modified") for name in ("bin", "changed", "latin", "noeol", "sub/deep")]
    assert found == sorted([*modified, ("gone", "removed"), ("new", "added")])


def test_how_it_is_shown(trees: tuple[Path, Path]) -> None:
    texts = [unified_diff(*trees, change) for change in compare_trees(*trees)]
    assert "".join(texts[:2]) == SHOWN
    assert texts[2] == "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n"
    assert texts[-2] == "--- a/noeol\n+++ b/noeol\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"


@pytest.mark.tool
def test_patch_takes_it(trees: tuple[Path, Path], run: HostRunner) -> None:
    old, new = trees
    text = "".join(unified_diff(old, new, change) for change in compare_trees(old, new) if change.path != "bin")
    given = text.encode("utf-8", "surrogateescape")
    run(Command(argv=("git", "apply", "-p1", "--unidiff-zero"), cwd=old, input=given))
    assert [one.path for one in compare_trees(old, new)] == ["bin"]


def test_permissions_count_only_as_executable_or_not(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", {"a": "1", "b": "1"}), write(tmp_path / "new", {"a": "1", "b": "1"})
    (new / "a").chmod(0o600)
    (new / "b").chmod(0o700)
    [change] = compare_trees(old, new)
    assert change.path == "b"
    assert unified_diff(old, new, change) == "# b: only its permissions differ\n"


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    new = write(tmp_path / "new", {"a": "1"})
    assert [(one.path, one.status) for one in compare_trees(tmp_path / "none", new)] == [("a", "added")]


def test_links_inside_are_kept_and_others_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"a": "1"})
    (source / "link").symlink_to("a")
    copy_rendered(source, tmp_path / "copy")
    assert str((tmp_path / "copy/link").readlink()) == "a"
    assert compare_trees(source, tmp_path / "copy") == []
    (source / "out").symlink_to("../../etc/passwd")
    copy_rendered(source, tmp_path / "some", {"a", "link"})
    with pytest.raises(SourceError):
        copy_rendered(source, tmp_path / "all")
