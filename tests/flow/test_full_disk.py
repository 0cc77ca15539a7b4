"""A disk that fills up in any phase: a clear end, nothing half-written taken as good, and more space mends it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.flow.published import leftovers, published
from tests.flow.small_yard import SmallYard, assert_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.flow.conftest import Calm
    from tests.flow.mount import Mounts
    from tests.sources.deb_archive import Signer
    from tests.web_server import Web

pytestmark = pytest.mark.tool

DISK = Path("/mnt")
WHOLE_KIB = 1000  # what a build of the yard takes


@pytest.fixture
def small_disk(
    mounts: Mounts, web: Web, archive: tuple[dict[str, bytes], Signer], calm: Calm
) -> Callable[[str], SmallYard]:
    """Makes a yard on a disk of its own, all of it but the keyring; the argument is an option of tmpfs."""
    web.files |= archive[0]

    def make(limit: str) -> SmallYard:
        mounts("-t", "tmpfs", "tmpfs", str(DISK))
        yard = SmallYard(DISK / "yard", DISK / "home", f"{web.url}/debian", mounts.enter, mounts.view)
        yard.write(archive[1].keyring)
        shutil.copytree(calm.data, yard.seen(yard.home / "data"))
        mounts("-o", f"remount,{limit}", str(DISK))
        return yard

    return make


def fill_up(yard: SmallYard, mounts: Mounts, calm: Calm) -> bool:
    """Runs until the disk is full, then again with more space; whether the disk was full at all."""
    codes = []
    for words in (("component", "update", "-a"), ("repo", "build")):
        done = yard.run(*words)
        codes.append(done.code)
        if done.code:
            assert_told(done, 4, "no space left", "run the same command again")
            assert not (yard.repo / "current").exists()
            break
    mounts("-o", "remount,size=64m,nr_inodes=100000", str(DISK))
    yard.build()
    assert published(yard.repo) == calm.expected
    assert leftovers(yard.repo, yard.cache / "build", yard.cache / "signed") == []
    return any(codes)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_full_disk(small_disk: Callable[[str], SmallYard], mounts: Mounts, calm: Calm, share: float) -> None:
    full = fill_up(small_disk(f"size={int(WHOLE_KIB * share)}k"), mounts, calm)
    assert full or share > 0.8  # what a run needs is not the same to the last block on every machine


def test_no_inodes(small_disk: Callable[[str], SmallYard], mounts: Mounts, calm: Calm) -> None:
    assert fill_up(small_disk("nr_inodes=60"), mounts, calm)


@pytest.mark.sweep
@pytest.mark.parametrize("pages", range(25, WHOLE_KIB // 4, 3))
def test_disk_of_any_size(small_disk: Callable[[str], SmallYard], mounts: Mounts, calm: Calm, pages: int) -> None:
    fill_up(small_disk(f"size={pages * 4}k"), mounts, calm)


@pytest.mark.sweep
@pytest.mark.parametrize("inodes", range(30, 110, 2))
def test_any_number_of_inodes(small_disk: Callable[[str], SmallYard], mounts: Mounts, calm: Calm, inodes: int) -> None:
    fill_up(small_disk(f"nr_inodes={inodes}"), mounts, calm)
