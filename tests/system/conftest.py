"""The demo, run once for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import DemoResult

TIMEOUT_S = 3600


def boatyard(*words: str, timeout: int = TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "boatyard", *words], capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="session")
def demo_folder() -> Path:
    """Kept between runs, so that a second run shows what a second run does; removed by `make clean`."""
    return Path(os.environ.get("BOATYARD_TEST_WORK", "build/test")).absolute() / "demo"


@pytest.fixture(scope="session")
def demo_result(demo_folder: Path) -> DemoResult:
    file = demo_folder / "result.json"
    file.unlink(missing_ok=True)
    ended = boatyard("demo", "--work", str(demo_folder), "--result", str(file))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "verdict      passed" in ended.stdout
    return load(DemoResult, file)


@pytest.fixture
def live_iso(request: pytest.FixtureRequest) -> Path:
    """The demo's ISO, or the one that BOATYARD_TEST_ISO names."""
    if there := os.environ.get("BOATYARD_TEST_ISO"):
        return Path(there).absolute()
    demo_result: DemoResult = request.getfixturevalue("demo_result")
    (path,) = {image.path for image in demo_result.images if image.format == "iso"}
    return Path(path)
