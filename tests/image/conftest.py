"""Fixtures of the image tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.image.tiny_channel import make_channel

from boatyard.image.recipe import Medium
from boatyard.ports.run import HostRunner
from boatyard.repo.medium import find_additions, write_medium
from boatyard.rpm.key import find_or_make_key
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.image import Rootfs
    from boatyard.artifact.repo_snapshot import RepoSnapshot
    from boatyard.rpm.key import SigningKey


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> RepoSnapshot:
    """A signed channel of tiny packages."""
    return make_channel(tmp_path_factory.mktemp("channel"), HostRunner())


@pytest.fixture(scope="session")
def key(channel: RepoSnapshot) -> SigningKey:
    """What signed the channel."""
    return find_or_make_key(channel.dir.parent / "keys/tiny", "Tiny", "tiny@example.com", HostRunner())


@pytest.fixture
def medium(channel: RepoSnapshot, key: SigningKey, run: HostRunner) -> Medium:
    """What an ISO gets from a project that has the channel."""

    def stock(rootfs: Rootfs, packages: tuple[str, ...], folder: Path, epoch: int) -> tuple[str, ...]:
        files = find_additions([channel.dir], Arch.X86_64, rootfs.packages, packages)
        write_medium(folder, files, key, run, epoch=epoch)
        return tuple(file.name for file in files)

    return Medium(key, stock)


@pytest.fixture
def as_root() -> None:
    """Skips a test that needs root's rights where there are none."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
