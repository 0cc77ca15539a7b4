"""The trial as a row of the demo, and that the sample is where an installed Boatyard looks for it."""

from __future__ import annotations

from pathlib import Path

from tests.report import trial_sample

from boatyard.flow.trial.sample import EXAMPLES, SAMPLE, row_of
from boatyard.flow.trial.scenario import read_scenario


def test_a_trial_that_passed() -> None:
    row = row_of(trial_sample.passed(), Path("/out/trial/web01"))
    assert (row.passed, row.reason, row.image) == (True, "", "skiff-disk-x86_64.qcow2")
    assert [phase.name for phase in row.phases] == [
        "static check", "boot", "provisioning", "deployment", "checks",
    ]  # fmt: skip
    assert all(phase.ok for phase in row.phases)
    assert row.report == "/out/trial/web01/report.html"


def test_what_failed_is_told_with_its_evidence() -> None:
    report = trial_sample.failed_after_reboot()
    row = row_of(report, Path("/out"))
    assert (row.passed, row.reason) == (False, report.reason)
    (wrong,) = [phase for phase in row.phases if not phase.ok]
    (first,) = [check for check in report.checks if check.outcome == "failed"][:1]
    assert wrong.name == "checks"
    assert first.found in wrong.detail


def test_the_sample_is_in_the_package() -> None:
    placed = read_scenario(EXAMPLES / SAMPLE / "scenario.toml")
    assert (placed.name, placed.scenario.image) == ("hello", "skiff-disk")
