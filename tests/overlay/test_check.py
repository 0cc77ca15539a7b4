# ruff: noqa: E501 (tables)
"""Overlays that are broken, redundant, brittle, misplaced or wide; and those that are none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.digest import sha256_tree
from boatyard.config.model.overlay import (
    AddTag,
    AppendLines,
    FileRemove,
    FileSearchReplace,
    InsertTag,
    Overlay,
    PatchAdd,
    SearchReplace,
    SetTag,
    UpdateTag,
)
from boatyard.overlay.check import check_overlays

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
Name:           a
Version:        1.2
Release:        3%{?dist}
Source0:        a-1.2.tar
Patch0:         fix.patch
BuildRequires:  gcc

%build
%configure --disable-static
make
%if 1
%check
%endif
make check
make check
make check
make check
make check
"""

CASES: list[tuple[tuple[Overlay, ...], list[tuple[int, str, str]]]] = [
    ((), []),
    ((SearchReplace(regex="--disable-static", replacement="--enable-static"), AddTag(tag="BuildRequires", value="x")), []),
    ((UpdateTag(tag="Epoch", value="1"), InsertTag(tag="Source1", value="x")), [(1, "broken", "no such tag: Epoch")]),
    ((FileRemove(file="none"), FileSearchReplace(file="f", regex="x", replacement="y")), [(1, "broken", "did not match any files")]),
    ((UpdateTag(tag="Version", value="2"), SetTag(tag="Version", value="3")), [(1, "redundant", "the same without it")]),
    ((SearchReplace(regex="^Version:        1.2$", replacement="Version: 9"),), [(1, "brittle", "aligned otherwise"), (1, "brittle", "the version goes up")]),
    ((SearchReplace(regex="^Release: +3", replacement="Release: 9"),), [(1, "brittle", "the release goes up")]),
    ((SearchReplace(regex="^Patch0: +fix", replacement="Patch0: x"),), [(1, "brittle", "renumbered")]),
    ((AppendLines(lines=("x",), section="%build"),), [(1, "misplaced", "belongs to the next section")]),
    ((SearchReplace(regex="make check", replacement="true"),), [(1, "wide", "it changes 5 lines")]),
    ((SearchReplace(regex="make check", replacement="true", expect=5),), []),
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.spec").write_text(SPEC)
    (tree / "f").write_text("x")
    return tree


@pytest.mark.parametrize(("overlays", "expected"), CASES, ids=range(len(CASES)))
def test_findings(overlays: tuple[Overlay, ...], expected: list[tuple[int, str, str]], tree: Path) -> None:
    before = sha256_tree(tree.parent)
    found = check_overlays("a", overlays, tree, tree / "a.spec")
    assert [(finding.of.number, finding.kind) for finding in found] == [case[:2] for case in expected]
    for finding, (_, _, what) in zip(found, expected, strict=True):
        assert what in finding.what
    assert sha256_tree(tree.parent) == before


def test_a_patch_that_is_there_already(tree: Path) -> None:
    (finding,) = check_overlays("a", [PatchAdd(source=tree / "f")], tree, tree / "a.spec")
    assert (finding.kind, "already exists" in finding.what) == ("broken", True)
