"""A disk that fills up while packages are built: the store stays sound, and with more room the same command goes on."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.flow.conftest import mounts
from tests.system.source_builds.build_site import Site, forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.flow.mount import Mounts

__all__ = ["mounts"]
pytestmark = [pytest.mark.tool, pytest.mark.network]
COMPONENT = "lua5.4"
LARGE, MIB = "8g", 1 << 20


class Disk:
    """A site on a small disk that only its own mount namespace has. `site`: for commands; `seen`: its files."""

    def __init__(self, mounts: Mounts, place: Path, like: Site) -> None:
        self.mounts, self.place = mounts, place
        place.mkdir()
        mounts("-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", str(place))
        subprocess.run([*mounts.enter, "cp", "-a", str(like.folder), str(place / "site")], check=True)
        self.site = Site(place / "site", enter=mounts.enter)
        self.seen = Site(mounts.view / str(place).lstrip("/") / "site")

    def limit(self, more: int) -> None:
        """Leaves so many bytes free."""
        disk = os.statvfs(self.seen.folder)
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
        self.mounts("-o", f"remount,size={used + more}", str(self.place))

    def enlarge(self) -> None:
        self.mounts("-o", f"remount,size={LARGE}", str(self.place))

    def build_twice(self, more: int, expected: dict[str, str]) -> bool:
        """Builds with so many bytes free, then with enough; whether there was too little. Forgets it all again."""
        self.limit(more)
        words = self.site.building(COMPONENT)
        done = self.site.run(*words)
        self.enlarge()
        if done.returncode:
            assert done.returncode == 4, done.stdout
            assert f"no space left on the disk that holds {self.place}" in done.stdout, done.stdout
            assert "run the same command again" in done.stdout, done.stdout
            assert "Traceback" not in done.stdout, done.stdout
        verified = self.site.run("store", "verify")
        assert verified.returncode == 0, verified.stdout
        assert " are whole, " in verified.stdout
        again = self.site.run(*words)
        assert again.returncode == 0, again.stdout
        assert self.seen.digests() == expected
        assert self.seen.temporaries() == []
        forget(self.seen, [COMPONENT])
        return done.returncode != 0


@pytest.fixture
def disk(mounts: Mounts, make_site: Callable[..., Site], tmp_path: Path) -> Iterator[Disk]:
    """A disk whose buildroots are elsewhere."""
    return Disk(mounts, tmp_path / "disk", make_site("stage", without=[COMPONENT], roots=True))


def test_full_disk(disk: Disk, calm: Site) -> None:
    expected = calm.digests(COMPONENT)
    for more in (0, 2 * MIB, 40 * MIB):
        assert disk.build_twice(more, expected)


def test_full_disk_when_a_buildroot_is_made(
    mounts: Mounts, make_site: Callable[..., Site], calm: Site, tmp_path: Path
) -> None:
    disk = Disk(mounts, tmp_path / "disk", make_site("stage", without=[COMPONENT]))
    assert disk.build_twice(80 * MIB, calm.digests(COMPONENT))


@pytest.mark.sweep
@pytest.mark.parametrize("start", range(10))
def test_disk_of_any_size(disk: Disk, calm: Site, start: int) -> None:
    for number in range(start, 50, 10):
        disk.build_twice(number * 3 * MIB // 2, calm.digests(COMPONENT))


@pytest.mark.sweep
@pytest.mark.parametrize("start", range(10))
def test_disk_with_buildroots_of_any_size(
    mounts: Mounts, make_site: Callable[..., Site], calm: Site, tmp_path: Path, start: int
) -> None:
    disk = Disk(mounts, tmp_path / "disk", make_site("stage", without=[COMPONENT]))
    for number in range(start, 50, 10):
        disk.build_twice(number * 16 * MIB, calm.digests(COMPONENT))
        subprocess.run(["rm", "-rf", str(disk.seen.cache / "buildroot")], check=True)
