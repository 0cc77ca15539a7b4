"""Trials of machines that come to nothing: what ends them is told in the report, and by the exit code of its phase."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.boot_sector import boot_sector

from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.tool, pytest.mark.vm]

SCENARIO = 'image = "disk.raw"\n[vm]\nname = "raft"\ngeneration = "gen1"\nmemory = "64 MiB"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trial(folder: Path, disk: bytes, more: str) -> tuple[int, dict[str, Any]]:
    (folder / "disk.raw").write_bytes(disk)
    (folder / "scenario.toml").write_text(SCENARIO + more)
    code = main(["trial", "run", "scenario.toml", "--work", "work", "--report", "report", "-q"])
    report: dict[str, Any] = json.loads((folder / "report/report.json").read_text())
    return code, report


def test_a_machine_that_never_gets_anywhere_fails_when_its_time_is_over(folder: Path) -> None:
    code, report = trial(folder, boot_sector(b"idle\r\n", "sleep"), '[limits]\nboot = "3 s"\n')
    assert (code, report["failed_phase"], report["passed"]) == (30, "boot", False)
    assert "for the limit of 3 s" in report["reason"]
    (check,) = [one for one in report["checks"] if one["phase"] == "boot"]
    assert "; the guest has asked the cloud for nothing; the whole console is in " in check["hint"]
    assert [(row["name"], row["outcome"]) for row in report["phases"]] == [
        ("static", "skipped"),
        ("boot", "failed"),
        ("provision", "skipped"),
        ("deploy", "skipped"),
        ("check", "skipped"),
    ]
    (check,) = report["checks"]
    assert "limits.boot" in check["hint"]
    assert report["console"].endswith("idle")
    assert report["snapshot"] == "none"
    assert report["image"]["built_here"] is False
    assert report["not_emulated"]


def test_a_panic_is_told_at_once_with_the_guests_words(folder: Path) -> None:
    words = b"Kernel panic - not syncing: VFS: Unable to mount root fs\r\n"
    code, report = trial(folder, boot_sector(words, "sleep"), "")
    assert (code, report["failed_phase"]) == (30, "boot")
    assert "panicked" in report["reason"]
    assert "Unable to mount root fs" in report["reason"]


def test_a_machine_that_switches_itself_off(folder: Path) -> None:
    code, report = trial(folder, boot_sector(b"bye\r\n", "power off"), "")
    assert (code, report["failed_phase"]) == (30, "boot")
    assert "ended" in report["reason"]


def test_qemu_that_does_not_start_is_no_verdict_on_the_deployment(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "scenario.toml").write_text(SCENARIO.replace("64 MiB", "1 TiB"))
    (folder / "disk.raw").write_bytes(boot_sector(b"idle\r\n", "sleep"))
    assert main(["trial", "run", "scenario.toml", "--work", "work", "--report", "report", "-q"]) == 7
    assert "QEMU did not start the machine" in capsys.readouterr().err
    assert json.loads((folder / "report/report.json").read_text())["passed"] is False
