"""Fixtures of the image tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.image.tiny_channel import make_channel

from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from boatyard.artifact.repo_snapshot import RepoSnapshot


@pytest.fixture(scope="session")
def channel(tmp_path_factory: pytest.TempPathFactory) -> RepoSnapshot:
    """A signed channel of tiny packages."""
    return make_channel(tmp_path_factory.mktemp("channel"), HostRunner())


@pytest.fixture
def as_root() -> None:
    """Skips a test that needs root's rights where there are none."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
