"""The project's key and what it signs, with the real gpg and rpm."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import a_tree

from boatyard.base.error import TrustError
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.rpm.key import SigningKey, find_or_make_key, keys_dir
from boatyard.rpm.signature import sign_rpms, verify_rpms
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool


@pytest.fixture
def key(tmp_path: Path, run: HostRunner) -> SigningKey:
    return find_or_make_key(tmp_path / "keys/yard", "Yard", "yard@localhost", run)


def packages(tmp_path: Path, run: HostRunner, count: int) -> tuple[Path, list[str]]:
    (tmp_path / "work").mkdir()
    tree = a_tree(tmp_path / "src", "alpha")
    (rpm,) = run_build(tree, find_environment(Arch.X86_64, run), tmp_path / "work", tmp_path / "log", run)
    folder = tmp_path / "files"
    folder.mkdir()
    names = [f"{number}.rpm" for number in range(count)]
    for name in names:
        shutil.copy(rpm.path, folder / name)
    return folder, names


def test_signed_packages_verify(tmp_path: Path, key: SigningKey, run: HostRunner) -> None:
    folder, names = packages(tmp_path, run, 3)
    sign_rpms(folder, names, key, run)
    verify_rpms(folder, names, key, run)


@pytest.mark.parametrize("fault", ["unsigned", "payload", "header", "other key"])
def test_anything_else_is_refused(tmp_path: Path, key: SigningKey, run: HostRunner, fault: str) -> None:
    folder, names = packages(tmp_path, run, 2)
    sign_rpms(folder, names[:1] if fault == "unsigned" else names, key, run)
    bad = folder / names[1]
    data = bytearray(bad.read_bytes())
    if fault == "payload":
        data[-20] ^= 1
    elif fault == "header":
        data[data.index(b"A test")] ^= 1
    bad.write_bytes(bytes(data))
    if fault == "other key":
        key = find_or_make_key(tmp_path / "keys/other", "Other", "other@localhost", run)
    with pytest.raises(TrustError, match="not signed by the project's key") as caught:
        verify_rpms(folder, names, key, run)
    assert names[1] in caught.value.problems[0].detail
    assert (names[0] in caught.value.problems[0].detail) == (fault == "other key")


def test_key_is_made_once_and_private(tmp_path: Path, run: HostRunner) -> None:
    folder = tmp_path / "keys/race"
    with ThreadPoolExecutor(2) as pool:
        keys = list(pool.map(lambda _: find_or_make_key(folder, "Race", "race@localhost", run), range(2)))
    assert keys[0] == keys[1]
    assert folder.stat().st_mode & 0o077 == 0
    assert keys[0].home.stat().st_mode & 0o077 == 0


def test_keys_are_kept_with_the_users_data(tmp_path: Path) -> None:
    assert keys_dir({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "boatyard/keys"
    assert keys_dir({"XDG_DATA_HOME": "relative"}).parts[-4:] == (".local", "share", "boatyard", "keys")
