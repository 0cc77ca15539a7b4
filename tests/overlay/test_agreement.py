"""Archive overlays and `source-files` name the same archives, and loose files are something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import FileAdd, FileRemove, FileRename, Overlay, PatchAdd, PatchRemove
from boatyard.config.model.source_file import DownloadOrigin, OverlayOrigin, SourceFile
from boatyard.overlay.agreement import check_archives

INSIDE = FileRemove(file="x", archive="a.tar")
ENTRY = SourceFile(filename="a.tar", origin=OverlayOrigin(), replace_upstream=True, replace_reason="r")
DOWNLOADED = SourceFile(filename="a.tar", origin=DownloadOrigin(uri="https://h/a.tar"))


@pytest.mark.parametrize(
    "overlays",
    [
        (INSIDE,),
        (INSIDE, INSIDE, FileRemove(file="b.tar")),
        (INSIDE, FileRemove(file="sub/*.tar")),
        (INSIDE, FileRename(file="b", replacement="c.tar")),
    ],
)
def test_agree(overlays: tuple[Overlay, ...]) -> None:
    check_archives("c", overlays, (ENTRY,))


def test_nothing_to_agree_about() -> None:
    check_archives("c", (FileRemove(file="a.tar"),), (DOWNLOADED,))


@pytest.mark.parametrize("files", [(), (DOWNLOADED,)])
def test_an_archive_that_is_no_source_file(files: tuple[SourceFile, ...]) -> None:
    with pytest.raises(BuildError, match=r"c: overlay 1 \(file-remove\): the archive a\.tar is no source file of orig"):
        check_archives("c", (INSIDE,), files)


def test_a_source_file_that_no_overlay_edits() -> None:
    with pytest.raises(BuildError, match=r"c: source file a\.tar has origin overlay, and no overlay edits it"):
        check_archives("c", (FileRemove(file="x"),), (ENTRY,))


@pytest.mark.parametrize(
    "loose",
    [
        FileRemove(file="a.tar"),
        FileRemove(file="**/*"),
        FileAdd(file="a.tar", source=Path("/x")),
        PatchAdd(source=Path("/p/a.tar")),
        PatchRemove(file="*.{tar,patch}"),
        FileRename(file="b", replacement="a.tar"),
        FileRename(file="a.tar", replacement="b"),
    ],
)
def test_an_archive_is_not_touched_from_outside(loose: Overlay) -> None:
    with pytest.raises(BuildError, match=r"overlay 1 .*: it is about 'a\.tar', whose content other overlays edit"):
        check_archives("c", (loose, INSIDE), (ENTRY,))
