"""A dist-git host on loopback, and the cache that draws from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import Forge, serving
from tests.sources.upstream.yard_site import YardSite

from boatyard.sources.upstream.repository import DistGit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web_server import Web

    from boatyard.ports.run import HostRunner


@pytest.fixture
def forge(tmp_path: Path, run: HostRunner) -> Iterator[Forge]:
    made = Forge(tmp_path / "forge", run)
    with serving(made):
        yield made


@pytest.fixture
def dist_git(tmp_path: Path, run: HostRunner) -> DistGit:
    return DistGit(root=tmp_path / "cache/git", run=run, pauses_s=())


@pytest.fixture
def yard(
    tmp_path: Path, forge: Forge, web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> YardSite:
    """An empty project; the cache is the test's own."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return YardSite(folder, forge, web, capsys)
