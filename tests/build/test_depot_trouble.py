"""The depot among many processes, killed ones, full and decaying disks: never a half object or a false record."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.build.depot_child import KEYS, contents
from tests.flow.mount import mount_namespace

from boatyard.base.digest import sha256_bytes
from boatyard.build.depot import Depot, object_name, record_name
from boatyard.build.depot_sweep import remove, verify

CHILD = Path(__file__).with_name("depot_child.py")
DISK = Path("/mnt")


def start(root: Path, seed: int, rounds: int, *words: str, enter: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    argv = [*enter, sys.executable, str(CHILD), str(root), str(seed), str(rounds), *words]
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path(__file__).parents[2]
    )


def assert_whole(root: Path) -> int:
    """Verifies every object and record as a later run finds them; how many records there are."""
    with Depot.open(root) as depot:
        verified = verify(depot.local)
        assert verified.damage == ()
        for name, _ in depot.local.list("ac"):
            key = name.rpartition("/")[2]
            data = depot.record(key)
            assert data is not None
            assert data.decode().split() == [sha256_bytes(content) for content in contents(key)]
        assert list(depot.work.glob("*")) == []
        return verified.records


def many_writers(root: Path, rounds: int) -> None:
    children = [start(root, seed, rounds) for seed in range(8)]
    for child in children:
        output, _ = child.communicate(timeout=1200)
        assert child.returncode == 0, output
    assert assert_whole(root) > 0


def test_eight_writers_agree(tmp_path: Path) -> None:
    many_writers(tmp_path / "depot", 12)


@pytest.mark.sweep
def test_eight_writers_agree_a_thousand_times(tmp_path: Path) -> None:
    many_writers(tmp_path / "depot", 125)


def killed(root: Path, kills: int, seed: int) -> None:
    """Kills a child at random points of its work; the first quarter of a second is Python's own start."""
    chance, dead = random.Random(seed), 0
    for number in range(kills):
        child = start(root, number, 10_000)
        while child.poll() is None and not (root / "tmp").exists():
            time.sleep(0.02)
        time.sleep(0.2 + chance.random() * 0.5)
        child.kill()
        child.communicate(timeout=60)
        dead += child.returncode == -9
    assert dead == kills
    assert assert_whole(root) > 0


def test_killed_writers_leave_nothing_half(tmp_path: Path) -> None:
    killed(tmp_path / "depot", 6, 1)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(10))
def test_hundreds_of_killed_writers(tmp_path: Path, seed: int) -> None:
    killed(tmp_path / "depot", 20, seed)


def fill_up(size: str) -> bool:
    with mount_namespace() as mounts:
        mounts("-t", "tmpfs", "-o", size, "tmpfs", str(DISK))
        root = mounts.view / DISK.relative_to("/") / "depot"
        child = start(DISK / "depot", 1, 60, enter=mounts.enter)
        output, _ = child.communicate(timeout=600)
        assert child.returncode in (0, 4), output
        if child.returncode:
            assert "no space left" in output
            assert "hint: free some space" in output
        mounts("-o", "remount,size=64m,nr_inodes=100000", str(DISK))
        assert_whole(root)
        again = start(DISK / "depot", 1, 60, enter=mounts.enter)
        output, _ = again.communicate(timeout=600)
        assert again.returncode == 0, output
        assert_whole(root)
        return child.returncode == 4


@pytest.mark.tool
@pytest.mark.parametrize("size", ["size=100k", "size=900k", "size=1200k", "nr_inodes=40", "nr_inodes=150"])
def test_full_disk_leaves_nothing_half(size: str) -> None:
    assert fill_up(size)


@pytest.mark.sweep
@pytest.mark.tool
@pytest.mark.parametrize("pages", range(3, 403, 4))
def test_disk_full_at_a_hundred_points(pages: int) -> None:
    fill_up(f"size={pages * 4}k")


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    chance = random.Random(2)
    with Depot.open(tmp_path / "depot") as depot:
        digests = [depot.put_bytes(chance.randbytes(chance.randint(1, 3000))) for _ in range(100)]
        for digest in digests:
            path = depot.fetch(digest)
            data = bytearray(path.read_bytes())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
        verified = verify(depot.local)
        assert {one.name for one in verified.damage} == {object_name(digest) for digest in digests}
        remove(depot.local, verified.damage)
        assert verify(depot.local).damage == ()
        assert not any(map(depot.has, digests))


def test_every_damaged_record_is_found(tmp_path: Path) -> None:
    chance = random.Random(3)
    with Depot.open(tmp_path / "depot") as depot:
        there = depot.put_bytes(b"x")
        for key in KEYS:
            depot.put_record(key, b"data", [there])
            path = depot.local.path(record_name(key))
            data = bytearray(path.read_bytes())
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
        assert {one.name for one in verify(depot.local).damage} == {record_name(key) for key in KEYS}


def test_record_without_its_object_is_found(tmp_path: Path) -> None:
    with Depot.open(tmp_path / "depot") as depot:
        there = depot.put_bytes(b"x")
        depot.put_record(KEYS[0], b"data", [there])
        depot.fetch(there).unlink()
        (damage,) = verify(depot.local).damage
        assert (damage.name, there in damage.why) == (record_name(KEYS[0]), True)


def test_strange_files_are_found(tmp_path: Path) -> None:
    with Depot.open(tmp_path / "depot") as depot:
        digest = depot.put_bytes(b"x")
        strange = ["cas/README", f"cas/00/{digest}", "ac/xy/z"]
        for name in strange:
            path = depot.local.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        assert {one.name for one in verify(depot.local).damage} == set(strange)
