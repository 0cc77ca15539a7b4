"""A report as JSON is read back as it was, whatever a guest put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.report.trial_sample import ATTACK, SAMPLES, hostile

from boatyard.artifact.codec import load, save
from boatyard.artifact.trial_report import EXIT_CODES, PhaseRow, TrialReport

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["passed", "failed-at-provisioning", "failed-after-reboot"])
def test_it_is_read_back(name: str, tmp_path: Path) -> None:
    report = SAMPLES[name]()
    save(report, tmp_path / "report.json")
    found = load(TrialReport, tmp_path / "report.json")
    assert found == report
    assert found.exit_code == (EXIT_CODES[found.failed_phase] if found.failed_phase else 0)


def test_hostile_text_is_read_back(tmp_path: Path) -> None:
    save(hostile(), tmp_path / "report.json")
    assert load(TrialReport, tmp_path / "report.json").reason == ATTACK.replace("\ud800", "\ufffd")


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    save(PhaseRow(name="boot", outcome="failed", seconds=1, reason="a\ud800b"), tmp_path / "row.json")
    assert load(PhaseRow, tmp_path / "row.json").reason == "a\ufffdb"
