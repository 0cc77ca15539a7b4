"""The demo, run once for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import DemoResult
from boatyard.ports.files import locked

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
def demo_result(demo_folder: Path, testrun_uid: str) -> DemoResult:
    """Of the first process of a test run that asks for it; the others wait for it."""
    file, told = demo_folder / "result.json", demo_folder / "demo.log"
    with locked(demo_folder / "test.lock"):
        if not told.exists() or not told.read_text(encoding="utf-8").startswith(testrun_uid):
            file.unlink(missing_ok=True)
            ended = boatyard("demo", "--work", str(demo_folder), "--result", str(file))
            told.write_text(f"{testrun_uid} {ended.returncode}\n{ended.stdout}{ended.stderr}", encoding="utf-8")
    text = told.read_text(encoding="utf-8")
    assert text.startswith(f"{testrun_uid} 0\n"), text
    assert "verdict      passed" in text
    return load(DemoResult, file)


@pytest.fixture
def live_iso(request: pytest.FixtureRequest) -> Path:
    """The demo's ISO, or the one that BOATYARD_TEST_ISO names."""
    if there := os.environ.get("BOATYARD_TEST_ISO"):
        return Path(there).absolute()
    demo_result: DemoResult = request.getfixturevalue("demo_result")
    (path,) = {image.path for image in demo_result.images if image.format == "iso"}
    return Path(path)
