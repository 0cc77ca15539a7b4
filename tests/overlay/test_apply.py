# ruff: noqa: E501 (tables)
"""Whole source trees: overlays on specs, files, patches and archives; all of them or none."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from boatyard.base.digest import sha256_tree
from boatyard.base.error import BuildError
from boatyard.config.model.overlay import (
    AddTag,
    FileAdd,
    FilePrependLines,
    FileRemove,
    FileRename,
    FileSearchReplace,
    InsertTag,
    Overlay,
    PatchAdd,
    PatchRemove,
    PrependLines,
    SearchReplace,
    UpdateTag,
)
from boatyard.overlay.apply import Generated, apply_overlays

if TYPE_CHECKING:
    from pathlib import Path

SPEC = "Name: a\nVersion: 1\nSource0: a.tar\nPatch0: fix.patch\n\n%prep\n%autosetup\n\n%check\nmake check\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "sub/.git").mkdir(parents=True)
    (tree / ".git").mkdir()
    for name, text in {
        "a.spec": SPEC,
        "other.spec": "contoso",
        "fix.patch": "--- a\n+++ b\n",
        "run.sh": "#!/bin/sh\necho contoso\n",
        "sub/conf": "vendor=contoso",
        ".git/config": "contoso",
        "sub/.git/config": "contoso",
        r"run-vmblock\x2dfuse.mount": "x",
        "Dist::Name.txt": "contoso",
        "a*b": "star",
    }.items():
        (tree / name).write_text(text)
    (tree / "run.sh").chmod(0o755)
    (tree / "link").symlink_to("run.sh")
    return tree


def apply(tree: Path, *overlays: Overlay) -> set[str]:
    """Applies, and gives the paths that differ afterwards."""
    before = contents(tree)
    apply_overlays("a", overlays, tree, tree / "a.spec")
    after = contents(tree)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def contents(tree: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(tree)): (path.lstat().st_mode, os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes())
        for path in tree.rglob("*")
        if path.is_symlink() or path.is_file()
    }  # fmt: skip


def test_no_overlays_change_nothing(tree: Path) -> None:
    (tree / "a.spec").write_bytes(b"Name: a\r\nVersion: 1")
    assert apply(tree) == set()


def test_a_spec_that_is_changed_gets_unix_lines(tree: Path) -> None:
    (tree / "a.spec").write_bytes(b"Name: \xe9\r\nVersion: 1")
    assert apply(tree, UpdateTag(tag="Version", value="2")) == {"a.spec"}
    assert (tree / "a.spec").read_bytes() == b"Name: \xe9\nVersion: 2\n"


def test_each_overlay_sees_what_the_ones_before_made(tree: Path) -> None:
    assert apply(
        tree,
        SearchReplace(regex="^Source0:.*$", replacement="Source0: b.tar\nSource1: c"),
        UpdateTag(tag="Source1", value="d"),
        FileRename(file="run.sh", replacement="start.sh"),
        FileSearchReplace(file="start.sh", regex="contoso", replacement="boatyard"),
    ) == {"a.spec", "run.sh", "start.sh"}
    assert "Source0: b.tar\nSource1: d\nPatch0" in (tree / "a.spec").read_text()
    assert (tree / "start.sh").read_text() == "#!/bin/sh\necho boatyard\n"
    assert (tree / "start.sh").stat().st_mode & 0o777 == 0o755


FILES: list[tuple[Overlay, dict[str, bytes | None]]] = [
    (FilePrependLines(file="sub/conf", lines=("# a", "", "# b")), {"sub/conf": b"# a\n\n# b\nvendor=contoso"}),
    (FilePrependLines(file="*.{sh,patch}", lines=("#",)), {"run.sh": b"#\n#!/bin/sh\necho contoso\n", "fix.patch": b"#\n--- a\n+++ b\n"}),
    (FileSearchReplace(file="**/*", regex="contoso", replacement="$1"), {"run.sh": b"#!/bin/sh\necho $1\n", "sub/conf": b"vendor=$1", "Dist::Name.txt": b"$1"}),
    (FileSearchReplace(file="fix.patch", regex="(?m)^", replacement="#"), {"fix.patch": b"#--- a\n#+++ b\n#"}),
    (FileSearchReplace(file="fix.patch", regex=r"a\n\+", replacement=""), {"fix.patch": b"--- ++ b\n"}),
    (FileRemove(file="fix.patch"), {"fix.patch": None}),
    (FileRemove(file="**/con*"), {"sub/conf": None}),
    (FileRemove(file="link"), {"link": None}),
    (FileRemove(file=r"a\*b"), {"a*b": None}),
    (FileRemove(file="Dist::Name.txt"), {"Dist::Name.txt": None}),
    (FileRename(file=r"run-vmblock\x2dfuse.mount", replacement="b.mount"), {r"run-vmblock\x2dfuse.mount": None, "b.mount": b"x"}),
    (FileRename(file="sub/c?nf", replacement="new"), {"sub/conf": None, "sub/new": b"vendor=contoso"}),
    (FileRename(file="*-vm*", replacement="b"), {r"run-vmblock\x2dfuse.mount": None, "b": b"x"}),
]  # fmt: skip


@pytest.mark.parametrize(("overlay", "expected"), FILES, ids=range(len(FILES)))
def test_file_overlay(overlay: Overlay, expected: dict[str, bytes | None], tree: Path) -> None:
    assert apply(tree, overlay) == set(expected)
    for path, content in expected.items():
        assert ((tree / path).read_bytes() if content is not None else None) == content
        assert (tree / path).exists() == (content is not None)


REFUSED: list[tuple[Overlay, str]] = [
    (FileRemove(file="nothing*"), "filename pattern 'nothing*' did not match any files"),
    (FileRemove(file="a.spec"), "did not match any files"),
    (FileRemove(file="*.spec"), "did not match any files"),
    (FileRemove(file=".git/*"), "did not match any files"),
    (FileRemove(file="*/.git/config"), "did not match any files"),
    (FileRemove(file="../tree/fix.patch"), "did not match any files"),
    (FileRemove(file="sub"), "did not match any files"),
    (FileRemove(file="[a"), "invalid glob"),
    (FileRename(file="*.*", replacement="x"), "takes one file"),
    (FileRename(file="fix.patch", replacement="run.sh"), "already exists"),
    (FileRename(file="fix.patch", replacement="../x"), "not a path inside"),
    (FileRename(file="fix.patch", replacement="x/y"), "not a path inside"),
    (FileRename(file="fix.patch", replacement="x.spec"), "is the name of a spec"),
    (FileSearchReplace(file="*", regex="nowhere", replacement=""), "overlay did not apply to target"),
    (FileSearchReplace(file="run.sh", regex="contoso", replacement="contoso"), "overlay did not apply to target"),
    (FileSearchReplace(file="run.sh", regex="(", replacement=""), "invalid regex"),
    (FileSearchReplace(file="link", regex="contoso", replacement=""), "matches only links"),
    (FilePrependLines(file="link", lines=("x",)), "matches only links"),
    (FileSearchReplace(file="other.spec", regex="contoso", replacement=""), "did not match any files"),
    (UpdateTag(tag="Version", value="1"), "it changes nothing in the spec"),
    (UpdateTag(tag="Epoch", value="1"), "no such tag"),
    (PatchRemove(file="none.patch"), "no patches matching"),
    (FileRemove(file="x", archive="a.zip"), "is no archive"),
    (FileRemove(file="x", archive="a.tar"), "is not in the source tree"),
    (FileRemove(file="x", archive="../a.tar"), "is not a plain file name"),
]


@pytest.mark.parametrize(("overlay", "message"), REFUSED, ids=range(len(REFUSED)))
def test_an_overlay_that_fails_leaves_the_tree_alone(overlay: Overlay, message: str, tree: Path) -> None:
    before = sha256_tree(tree.parent)
    earlier = (AddTag(tag="URL", value="u"), FileRemove(file="sub/conf"))
    with pytest.raises(BuildError) as caught:
        apply(tree, *earlier, overlay)
    assert message in str(caught.value)
    assert "a: overlay 3 (" in str(caught.value)
    assert sha256_tree(tree.parent) == before


def test_the_error_names_the_overlay_by_its_description(tree: Path) -> None:
    with pytest.raises(BuildError) as caught:
        apply(tree, UpdateTag(tag="Versio", value="2", description="raise it"))
    assert str(caught.value).startswith("error: a: overlay 1 (spec-update-tag) “raise it”: no such tag: Versio")
    assert "line 2: Version: 1" in str(caught.value)


def test_file_add(tree: Path, tmp_path: Path) -> None:
    source = tmp_path / "new"
    source.write_bytes(b"\x00\xff")
    source.chmod(0o700)
    assert apply(tree, FileAdd(file="deep/er/new", source=source)) == {"deep/er/new"}
    assert (tree / "deep/er/new").read_bytes() == b"\x00\xff"
    assert (tree / "deep/er/new").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("file", "message"),
    [
        *[("run.sh", "already exists"), ("link", "already exists"), ("x.spec", "is a spec"), ("../x", "not a path")],
        *[("/x", "not a path inside"), ("out/x", "no folder of its own"), ("fix.patch/x", "no folder of its own")],
    ],
)
def test_file_add_refused(file: str, message: str, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tree / "out").symlink_to("../outside")
    (tmp_path / "new").touch()
    with pytest.raises(BuildError, match=message):
        apply(tree, FileAdd(file=file, source=tmp_path / "new"))
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_source_that_is_missing(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="does not exist"):
        apply(tree, FileAdd(file="x", source=tmp_path / "missing"))


def test_patch_add_and_remove(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "new.patch").write_text("p")
    assert apply(tree, PatchAdd(source=tmp_path / "new.patch"), PatchRemove(file="fix*")) == {
        "a.spec",
        "new.patch",
        "fix.patch",
    }
    assert "Source0: a.tar\n\nPatch1: new.patch\n%prep" in (tree / "a.spec").read_text()
    assert not (tree / "fix.patch").exists()


def test_patch_remove_needs_the_file_too(tree: Path) -> None:
    (tree / "fix.patch").unlink()
    with pytest.raises(BuildError, match="did not match any files"):
        apply(tree, PatchRemove(file="fix.patch"))


def test_remove_then_add_the_same_name(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "n").write_text("new")
    assert apply(tree, FileRemove(file="run.sh"), FileAdd(file="run.sh", source=tmp_path / "n")) == {"run.sh"}


def test_stored_files_behind_hard_links_stay_as_they_are(tree: Path, tmp_path: Path) -> None:
    for name in ("a.spec", "run.sh"):
        (tmp_path / name).hardlink_to(tree / name)
    apply(tree, AddTag(tag="URL", value="u"), FileSearchReplace(file="run.sh", regex="contoso"))
    assert (tmp_path / "a.spec").read_text() == SPEC
    assert "contoso" in (tmp_path / "run.sh").read_text()


def test_effects(tree: Path) -> None:
    applied = apply_overlays(
        "a", [UpdateTag(tag="Version", value="2"), FileRemove(file="run.sh")], tree, tree / "a.spec"
    )
    assert [(e.of.number, e.files, e.lines_added, e.lines_removed) for e in applied.effects] == [
        (1, ("a.spec",), 1, 1),
        (2, ("run.sh",), 0, 0),
    ]


def make_archive(path: Path, mode: str, top: str = "pkg-1.0/") -> None:
    with tarfile.open(path, mode) as tar:
        for name, text, permissions in [("b", "contoso", 0o644), ("a", "keep", 0o755), ("z/c.txt", "contoso\n", 0o444)]:
            info = tarfile.TarInfo(top + name)
            info.size, info.mode, info.mtime, info.uname = len(text), permissions, 12345, "someone"
            tar.addfile(info, io.BytesIO(text.encode()))
        link = tarfile.TarInfo(top + "link")
        link.type, link.linkname = tarfile.SYMTYPE, "z/c.txt"
        tar.addfile(link)


EDIT_ARCHIVE = (
    FileSearchReplace(file="**/*", regex="contoso", replacement="boatyard", archive="a.tar"),
    FileRemove(file="a", archive="a.tar"),
)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
@pytest.mark.parametrize("top", ["pkg-1.0/", ""])
def test_archive_overlays(mode: str, top: str, tree: Path) -> None:
    make_archive(tree / "a.tar", mode, top)
    (tree / "a.tar").chmod(0o640)
    applied = apply_overlays("a", EDIT_ARCHIVE, tree, tree / "a.spec")
    with tarfile.open(tree / "a.tar", mode.replace("w", "r")) as tar:
        members = [(m.name, m.mode, m.mtime, m.uid, m.uname, m.type) for m in tar]
        text = tar.extractfile(top + "z/c.txt")
        assert text is not None and text.read() == b"boatyard\n"
    folder = [("pkg-1.0", 0o755, 0, 0, "", tarfile.DIRTYPE)] if top else []
    assert members == [
        *folder,
        (top + "b", 0o644, 0, 0, "", tarfile.REGTYPE),
        (top + "link", 0o777, 0, 0, "", tarfile.SYMTYPE),
        (top + "z", 0o755, 0, 0, "", tarfile.DIRTYPE),
        (top + "z/c.txt", 0o444, 0, 0, "", tarfile.REGTYPE),
    ]
    assert (tree / "a.tar").stat().st_mode & 0o777 == 0o640
    (repacked,) = applied.archives
    assert repacked.name == "a.tar"
    assert repacked.before != repacked.after
    assert (tree / "run.sh").read_text() == "#!/bin/sh\necho contoso\n"


def test_repacking_is_the_same_every_time(tree: Path, tmp_path: Path) -> None:
    digests = set()
    for attempt in ("one", "two"):
        copy = tmp_path / attempt
        copy.mkdir()
        (copy / "a.spec").write_text(SPEC)
        make_archive(copy / "a.tar", "w:gz")
        digests.add(apply_overlays("a", EDIT_ARCHIVE, copy, copy / "a.spec").archives[0].after)
    assert len(digests) == 1


def test_archives_come_first_and_can_be_left_out(tree: Path) -> None:
    make_archive(tree / "a.tar", "w")
    overlays = (AddTag(tag="URL", value="u"), *EDIT_ARCHIVE)
    kept = (tree / "a.tar").read_bytes()
    applied = apply_overlays("a", overlays, tree, tree / "a.spec", edit_archives=False)
    assert (tree / "a.tar").read_bytes() == kept
    assert [effect.of.number for effect in applied.effects] == [1]
    (tree / "a.spec").write_text(SPEC)
    applied = apply_overlays("a", overlays, tree, tree / "a.spec")
    assert [effect.of.number for effect in applied.effects] == [2, 3, 1]


@pytest.mark.parametrize("loose", [FileRemove(file="a.t*"), FilePrependLines(file="*.tar", lines=("x",))])
def test_an_archive_is_edited_inside_or_outside(loose: Overlay, tree: Path) -> None:
    make_archive(tree / "a.tar", "w")
    with pytest.raises(BuildError, match=r"overlay 3 .*whose content other overlays edit"):
        apply_overlays("a", (*EDIT_ARCHIVE, loose), tree, tree / "a.spec")


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_archives_with_other_entries_are_refused(kind: bytes, tree: Path) -> None:
    with tarfile.open(tree / "a.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("b"))
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, "b"
        tar.addfile(info)
    with pytest.raises(BuildError, match=r"overlay 1 .*a\.tar: 'x' is a"):
        apply_overlays("a", EDIT_ARCHIVE, tree, tree / "a.spec")


def test_a_tree_without_its_spec(tree: Path) -> None:
    with pytest.raises(BuildError, match=r"has no spec b\.spec"):
        apply_overlays("a", (), tree, tree / "b.spec")


def test_generated_overlays_run_around_those_of_the_component(tree: Path) -> None:
    generated = Generated(
        before=(PrependLines(lines=("%{load:m}", "")), InsertTag(tag="Source9999", value="m")),
        after=(PrependLines(lines=("exit 0",), section="%check"), PrependLines(lines=("# header", ""))),
    )
    mine = (PrependLines(lines=("# mine",)), InsertTag(tag="Source5000", value="y"))
    applied = apply_overlays("a", mine, tree, tree / "a.spec", generated=generated)
    assert (tree / "a.spec").read_text() == (
        "# header\n\n# mine\n%{load:m}\n\n"
        "Name: a\nVersion: 1\nSource0: a.tar\nSource9999: m\nSource5000: y\nPatch0: fix.patch\n\n"
        "%prep\n%autosetup\n\n%check\nexit 0\nmake check\n"
    )
    assert [effect.of.number for effect in applied.effects] == [0, 0, 1, 2, 0, 0]


def test_a_generated_overlay_that_fails_is_named_so(tree: Path) -> None:
    generated = Generated(after=(PrependLines(lines=("exit 0",), section="%clean"),))
    with pytest.raises(BuildError, match=r"the overlay that Boatyard adds .*section not found: %clean"):
        apply_overlays("a", (), tree, tree / "a.spec", generated=generated)
