"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run() -> Iterator[HostRunner]:
    """Runs programs of this machine; what is left running ends with the test."""
    runner = HostRunner()
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """A checked-out real configuration in the azldev format; tests that want it are skipped without."""
    path = Path(os.environ.get("BOATYARD_CORPUS", ROOT.parent / "shared/corpus/azl4-config"))
    if not path.is_dir():
        pytest.skip("no corpus: set BOATYARD_CORPUS to a checkout of a real configuration")
    return path
