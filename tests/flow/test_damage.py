"""Damaged caches are seen and made again, never published; two runs at once, missing programs, unwritable places."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.flow.published import leftovers, published
from tests.flow.small_yard import assert_told, finish

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flow.conftest import Calm
    from tests.flow.mount import Mounts
    from tests.flow.small_yard import SmallYard

pytestmark = pytest.mark.tool


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file, in place: what is linked to it changes as well."""
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def test_damaged_caches(yard: SmallYard, calm: Calm) -> None:
    """Each in turn, and all of them at once; the results of a cache are rid of first, so that it is used."""
    yard.build()
    snapshots = "out/repo/*/base"
    kinds = {
        "download": (yard.cache, "download/sha256/*/*", ("out/repo", "../home/cache/boatyard/build")),
        "built package": (yard.cache, "build/cas/*/*", ("out/repo",)),
        "build record": (yard.cache, "build/ac/*/*", ("out/repo",)),
        "signed package": (yard.cache, "signed/*/*.rpm", ("out/repo",)),
        "digest of a signed package": (yard.cache, "signed/*/*.sha256", ("out/repo",)),
        "published package": (yard.project, f"{snapshots}/Packages/*/*.rpm", ()),
        "metadata": (yard.project, f"{snapshots}/repodata/*.gz", ()),
        "repomd.xml": (yard.project, f"{snapshots}/repodata/repomd.xml", ()),
        "signature": (yard.project, f"{snapshots}/repodata/repomd.xml.asc", ()),
        "key": (yard.project, "out/repo/*/RPM-GPG-KEY-*", ()),
        "record of the snapshot": (yard.project, "out/repo/*/compose.json", ()),
    }
    for number, (kind, (folder, pattern, between)) in enumerate(kinds.items()):
        damaged = [path for path in folder.glob(pattern) if "current" not in path.parts]
        assert damaged, kind
        for path in damaged:
            (flip, truncate)[number % 2](path)
        for name in between:
            yard.remove(name)
        done = yard.run("repo", "build")
        assert done.code == 0, (kind, done.err)
        assert published(yard.repo) == calm.expected, kind
    for folder, pattern, _ in kinds.values():
        for path in folder.glob(pattern):
            flip(path)
    assert yard.run("repo", "build").code == 0
    assert published(yard.repo) == calm.expected


def test_two_runs_at_once(yard: SmallYard, calm: Calm, tmp_path: Path) -> None:
    assert yard.run("component", "update", "-a").code == 0
    runs = [yard.start("repo", "build") for _ in range(3)]
    done = [finish(run) for run in runs]
    assert [one.code for one in done] == [0, 0, 0], done
    assert sum("Build 3 of 3 components" in one.err for one in done) == 1, "the others wait, and find what is built"
    assert published(yard.repo) == calm.expected
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("program", ["rpmbuild", "bwrap", "gpg", "gpgv", "rpmsign", "rpmkeys", "setpriv"])
def test_missing_program(yard: SmallYard, mounts: Mounts, program: str) -> None:
    if program != "gpgv":
        assert yard.run("component", "update", "-a").code == 0
    if program == "gpg":
        yard.forget_key()
    yard.enter = mounts.enter
    mounts.hide(program)
    words = ("component", "update", "-a") if program == "gpgv" else ("repo", "build")
    assert_told(yard.run(*words), 4, f"{program} is not installed", "apt-get install", "boatyard doctor")
    assert not (yard.repo / "current").exists()


def test_read_only_places(yard: SmallYard, mounts: Mounts, calm: Calm) -> None:
    yard.build()
    yard.enter = mounts.enter
    before = published(yard.repo)
    spec = yard.project / "hull/hull.spec"
    spec.write_text(spec.read_text().replace("Release: 1", "Release: 2"))
    for folder in (yard.project, yard.home, yard.project / "out", yard.home / "data"):
        mounts("--bind", "-o", "ro", str(folder), str(folder))
        done = yard.run("repo", "build")
        if folder != yard.home / "data":  # a key that is there is only read
            assert_told(done, 4, "Read-only file system", str(folder), "choose another folder")
            assert published(yard.repo) == before
        mounts.undo(folder)
    assert yard.run("repo", "build").code == 0
    assert "hull-1-2.x86_64" in published(yard.repo)


@pytest.mark.parametrize("name", ["build", "out", "out/repo", "../home/cache", "../home/data/boatyard/keys"])
def test_file_in_the_way(yard: SmallYard, calm: Calm, name: str) -> None:
    if name.endswith("keys"):
        yard.forget_key()
    assert yard.run("component", "update", "-a").code == 0
    way = yard.project / name
    if way.is_dir():
        yard.remove(name)
    way.parent.mkdir(parents=True, exist_ok=True)
    way.write_text("in the way")
    assert_told(yard.run("repo", "build"), 4, "is in the way", str(way.resolve().name))
    way.unlink()
    yard.build()
    assert published(yard.repo).keys() == calm.expected.keys()
