"""The tutorial on trials, followed on the demo's disk: up to the first machine, and in the sweep all of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.docs.commands import Reader
from tests.docs.page import ROOT
from tests.system.conftest import demo_folder, demo_result

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

__all__ = ["demo_folder", "demo_result"]  # fixtures of another folder


@pytest.mark.tool
@pytest.mark.network
@pytest.mark.vm
@pytest.mark.parametrize("until", ["boatyard trial run", pytest.param("", marks=pytest.mark.sweep)])
def test_the_tutorial_on_trials_works(
    until: str, request: pytest.FixtureRequest, tmp_path: Path, run: HostRunner
) -> None:
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        work = Path(there).absolute().parents[2]
    else:
        request.getfixturevalue("demo_result")
        work = request.getfixturevalue("demo_folder")
    (tmp_path / "build").mkdir()
    (tmp_path / "build/demo").symlink_to(work)
    page = ROOT / "docs/tutorial/first-trial.md"
    Reader(tmp_path, tmp_path / "home", run).follow(page, everything=True, until=until)
