"""Upstream changes what was: branches rewritten or deleted, repositories emptied. A lock means what it meant."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import BRANCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sources.upstream.yard_site import YardSite

pytestmark = pytest.mark.tool


def rewritten(yard: YardSite) -> None:
    yard.package("a", archive=b"rewritten", parents=())


def deleted(yard: YardSite) -> None:
    yard.forge.git("a", "update-ref", "refs/heads/other", BRANCH)
    yard.forge.git("a", "symbolic-ref", "HEAD", "refs/heads/other")
    yard.forge.git("a", "update-ref", "-d", f"refs/heads/{BRANCH}")


def pruned(yard: YardSite) -> None:
    rewritten(yard)
    yard.forge.git("a", "reflog", "expire", "--expire=now", "--all")
    yard.forge.git("a", "gc", "-q", "--prune=now")


def emptied(yard: YardSite) -> None:
    shutil.rmtree(yard.forge.root / "a.git")
    yard.forge.make("a")


def removed(yard: YardSite) -> None:
    shutil.rmtree(yard.forge.root / "a.git")


def replaced(yard: YardSite) -> None:
    removed(yard)
    yard.package("a", archive=b"of somebody else", date="2026-01-15T00:00:00Z")


def backdated(yard: YardSite) -> None:
    """A newer commit that says it is older than the snapshot."""
    yard.package("a", archive=b"backdated", date="2026-01-20T00:00:00Z")


MOVES = [rewritten, deleted, pruned, emptied, removed, replaced, backdated]
LOST = {pruned, emptied, removed, replaced}


def prepare(yard: YardSite, *words: str) -> tuple[int, str, str]:
    target = yard.dir / "tree"
    return yard.run("component", "prepare-sources", "a", "--output-dir", str(target), "--force", *words)


def locked(yard: YardSite) -> str:
    then = yard.package("a")
    yard.components["a"] = ""
    yard.write()
    assert yard.run("component", "update", "a")[0] == 0
    return then


@pytest.mark.parametrize("move", MOVES)
def test_what_is_in_the_cache_stays_as_it_was_locked(move: Callable[[YardSite], None], yard: YardSite) -> None:
    then = locked(yard)
    assert yard.run("source", "mirror", "a")[0] == 0
    move(yard)
    for words in ((), ("--offline",)):
        code, _, err = prepare(yard, *words)
        assert code == 0, err
        assert yard.tree("tree")["a.tar.gz"] == b"archive of a"
    assert f"upstream-commit = '{then}'" in yard.lock("a")


@pytest.mark.parametrize("move", MOVES)
def test_without_the_cache_it_is_the_same_commit_or_an_error(move: Callable[[YardSite], None], yard: YardSite) -> None:
    locked(yard)
    move(yard)
    shutil.rmtree(yard.dir.parent / "cache")
    code, _, err = prepare(yard)
    assert (code == 0) is (move not in LOST), err
    if code == 0:
        assert yard.tree("tree")["a.tar.gz"] == b"archive of a"
    else:
        assert code == 3
        assert not (yard.dir / "tree").exists()


@pytest.mark.parametrize("move", [rewritten, replaced, backdated])
def test_another_commit_at_the_snapshot_is_told_when_it_is_looked_up(
    move: Callable[[YardSite], None], yard: YardSite
) -> None:
    then = locked(yard)
    move(yard)
    assert yard.run("component", "update", "a", "--check-only")[:2] == (0, ""), "the lock is what counts"
    code, out, _ = yard.run("component", "update", "a", "--check-only", "--force-recalculate")
    assert code == 8
    assert out.startswith(f"a: {then[:12]} \u2192 ")
    assert f"upstream-commit = '{then}'" in yard.lock("a")


def test_an_archive_that_was_replaced_is_refused(yard: YardSite) -> None:
    locked(yard)
    yard.web.files = dict.fromkeys(yard.web.files, b"another content")
    code, _, err = prepare(yard)
    assert (code, "not the file that was promised" in err) == (6, True), err
