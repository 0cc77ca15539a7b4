"""The main job, for real: Skiff from the mirror to three checked machines, an installation and a trial. Slow."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.conftest import boatyard

from boatyard.artifact.codec import load
from boatyard.artifact.image import Manifest
from boatyard.graph.journal import read_lines

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

CHECKS = {
    "system state", "release", "kernel", "systemd", "dnf", "memory balloon", "rpm -Va", "less is not installed",
    "repositories", "dnf install less", "htop is in no repository",
}  # fmt: skip
INSTALLED = {
    "installation", "ada logs in and may use sudo", "LVM", "boot entry", "root has no password", "host name",
    "the installer is not installed", "bzip2 came from the medium",
}  # fmt: skip


def test_every_machine_passes_every_check(demo_result: DemoResult) -> None:
    seen = {(machine.medium, machine.firmware) for machine in demo_result.machines}
    assert seen == {("cdrom", "uefi"), ("disk", "uefi"), ("disk", "bios"), ("installation", "uefi")}
    for machine in demo_result.machines:
        wanted = CHECKS | INSTALLED if machine.medium == "installation" else CHECKS
        assert {check.name for check in machine.checks} == wanted
        assert [check.name for check in machine.checks if not check.ok] == []
    assert demo_result.ok


def test_the_sample_deployment_passes(demo_result: DemoResult, demo_folder: Path) -> None:
    trial = demo_result.trial
    assert trial is not None
    assert (trial.scenario, trial.passed, trial.reason) == ("hello", True, "")
    assert trial.image == "skiff-disk-x86_64.qcow2"
    assert len(trial.phases) == 5
    assert Path(trial.report) == demo_folder / "out/trial/hello/report.html"
    assert "hello" in Path(trial.report).read_text("utf-8")


def test_budgets_are_declared_measured_and_kept(demo_result: DemoResult) -> None:
    names = {budget.name.partition(" (")[0] for budget in demo_result.budgets}
    assert {"iso file", "installed", "memory at idle", "boot to login"} <= names
    assert all(0 < budget.measured <= budget.limit for budget in demo_result.budgets)


def test_two_channels_with_less_and_without_htop(demo_result: DemoResult, demo_folder: Path) -> None:
    assert {channel.name for channel in demo_result.channels} == {"skiff-base", "skiff-vendor", "skiff-build"}
    files = [path.name for path in (demo_folder / "out/repo/current/").rglob("*.rpm")]
    assert len(files) == demo_result.packages
    assert any(name.startswith("less-") for name in files)
    assert not any("htop" in name for name in files)


def test_images_have_manifests_and_no_less(demo_result: DemoResult) -> None:
    assert {image.format for image in demo_result.images} == {"iso", "raw", "qcow2"}
    for image in demo_result.images:
        manifest = load(Manifest, Path(image.path + ".manifest.json"))
        assert manifest.sha256 == image.sha256
        names = {package.name for package in manifest.packages}
        assert {"kernel-core", "systemd", "dnf", "rpm", "lvm2", "cloud-init", "WALinuxAgent"} <= names
        assert "less" not in names


def test_second_run_builds_nothing(demo_result: DemoResult, demo_folder: Path) -> None:
    before = {image.path: image.sha256 for image in demo_result.images}
    ended = boatyard(
        "image", "build", "--work", str(demo_folder), "-C", str(Path("src/boatyard/data/skiff").absolute())
    )
    assert ended.returncode == 0, ended.stderr
    assert not re.search(r"Build \d+ of", ended.stderr), "no seed is repackaged"
    lines = list(read_lines(demo_folder / "work/build.jsonl"))
    of_this_run = [line for line in lines if line.run == lines[-1].run]
    assert {line.event for line in of_this_run} == {"run", "reused", "end"}
    assert "Sign " not in ended.stderr
    assert set(before) == {line.rpartition("  ")[2] for line in ended.stdout.splitlines()}


def test_result_is_json_for_machines(demo_result: DemoResult, demo_folder: Path) -> None:
    raw = json.loads((demo_folder / "result.json").read_text())
    assert raw["ok"] is True
    assert raw["components"] == demo_result.components > 150
