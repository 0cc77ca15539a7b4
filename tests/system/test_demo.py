"""The main job, for real: Skiff from the mirror to three checked machines. Takes minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import DemoResult
from boatyard.artifact.image import Manifest

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

TIMEOUT_S = 3600
CHECKS = {
    "system state", "release", "kernel", "systemd", "dnf", "memory balloon", "rpm -Va", "less is not installed",
    "repositories", "dnf install less", "htop is in no repository",
}  # fmt: skip


def boatyard(*words: str, timeout: int = TIMEOUT_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "boatyard", *words], capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="module")
def folder() -> Path:
    """Kept between runs, so that a second run shows what a second run does; removed by `make clean`."""
    return Path(os.environ.get("BOATYARD_TEST_WORK", "build/test")).absolute() / "demo"


@pytest.fixture(scope="module")
def result(folder: Path) -> DemoResult:
    file = folder / "result.json"
    file.unlink(missing_ok=True)
    ended = boatyard("demo", "--work", str(folder), "--result", str(file))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "verdict      passed" in ended.stdout
    return load(DemoResult, file)


def test_every_machine_passes_every_check(result: DemoResult) -> None:
    seen = {(machine.medium, machine.firmware) for machine in result.machines}
    assert seen == {("cdrom", "uefi"), ("disk", "uefi"), ("disk", "bios")}
    for machine in result.machines:
        assert {check.name for check in machine.checks} == CHECKS
        assert [check.name for check in machine.checks if not check.ok] == []
    assert result.ok


def test_budgets_are_declared_measured_and_kept(result: DemoResult) -> None:
    names = {budget.name.partition(" (")[0] for budget in result.budgets}
    assert {"iso file", "installed", "memory at idle", "boot to login"} <= names
    assert all(0 < budget.measured <= budget.limit for budget in result.budgets)


def test_two_channels_with_less_and_without_htop(result: DemoResult, folder: Path) -> None:
    assert {channel.name for channel in result.channels} == {"skiff-base", "skiff-vendor"}
    files = [path.name for path in (folder / "out/repo/current/").rglob("*.rpm")]
    assert len(files) == result.packages
    assert any(name.startswith("less-") for name in files)
    assert not any("htop" in name for name in files)


def test_images_have_manifests_and_no_less(result: DemoResult) -> None:
    assert {image.format for image in result.images} == {"iso", "raw", "qcow2"}
    for image in result.images:
        manifest = load(Manifest, Path(image.path + ".manifest.json"))
        assert manifest.sha256 == image.sha256
        names = {package.name for package in manifest.packages}
        assert {"kernel-core", "systemd", "dnf", "rpm", "lvm2", "cloud-init", "WALinuxAgent"} <= names
        assert "less" not in names


def test_second_run_builds_nothing(result: DemoResult, folder: Path) -> None:
    before = {image.path: image.sha256 for image in result.images}
    ended = boatyard("image", "build", "--work", str(folder), "-C", str(Path("src/boatyard/data/skiff").absolute()))
    assert ended.returncode == 0, ended.stderr
    assert "Build " not in ended.stderr
    assert "Sign " not in ended.stderr
    assert set(before) == {line.rpartition("  ")[2] for line in ended.stdout.splitlines()}


def test_result_is_json_for_machines(result: DemoResult, folder: Path) -> None:
    raw = json.loads((folder / "result.json").read_text())
    assert raw["ok"] is True
    assert raw["components"] == result.components > 150
