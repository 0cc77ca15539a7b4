"""The trial of a sample deployment that comes with Boatyard, as the demo's last check."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import boatyard
from boatyard.artifact.demo_result import CheckRow, TrialRow
from boatyard.artifact.trial_report import TITLES
from boatyard.base.error import ImageError
from boatyard.flow.trial.order import Places
from boatyard.flow.trial.run import run_trial
from boatyard.flow.trial.scenario import read_scenario
from boatyard.flow.trial.write import prepared, write_report
from boatyard.flow.workspace import trial_snapshots
from boatyard.vm.running import Harbour

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import PhaseRow, TrialReport
    from boatyard.flow.yard import Yard

EXAMPLES = Path(boatyard.__file__).parent / "data/examples"
SAMPLE = "hello"
COUNTED = ("static", "deploy", "check")


def try_sample(yard: Yard, name: str = SAMPLE) -> TrialRow:
    """Runs the example of that name on the yard's own image; one whose machine does not start has failed.

    The report is written below the yard's output. The provisioned machine is kept for the next demo of the same image.
    """
    placed = read_scenario(EXAMPLES / name / "scenario.toml")
    workspace, reporter = yard.workspace, yard.ports.reporter
    places = Places(
        arch=yard.arch,
        report=workspace.out / "trial" / name,
        cache=workspace.cache,
        images=workspace.images,
        published=workspace.repo,
        snapshots=trial_snapshots(workspace.cache),
    )
    with prepared(places.report), reporter.step(f"trial of {name}"):
        try:
            harbour = Harbour(yard.ports.run, reporter, workspace.work / "vm")
            made = run_trial(placed, places, harbour, lambda report: write_report(report, places.report))
        except ImageError as error:
            return _not_run(name, placed.scenario.image, error, places.report)
    return row_of(made, places.report)


def row_of(report: TrialReport, folder: Path) -> TrialRow:
    """A trial's report as a row of the demo's result."""
    return TrialRow(
        scenario=report.scenario,
        image=Path(report.image.path).name,
        generation=report.generation,
        accelerator=report.accelerator,
        passed=report.passed,
        reason=report.reason,
        ready_s=report.ready_s,
        seconds=report.seconds,
        phases=tuple(_phase(row, report) for row in report.phases),
        report=str(folder / "report.html"),
    )


def _phase(row: PhaseRow, report: TrialReport) -> CheckRow:
    """A phase in a line; what failed in it as evidence."""
    checks = [check for check in report.checks if check.phase == row.name]
    wrong = [
        f"{check.name}: {check.found}\n{check.detail}\n{check.hint}" for check in checks if check.outcome == "failed"
    ]
    counts = Counter(check.outcome for check in checks)
    told = ", ".join(f"{counts[one]} {one}" for one in ("passed", "failed", "skipped", "unknown") if counts[one])
    counted = f", {told}" if told and row.name in COUNTED else ""
    origin = ", from a snapshot" if row.from_snapshot else ""
    found = row.reason or ("skipped" if row.outcome == "skipped" else f"{row.seconds:.0f} s{origin}{counted}")
    return CheckRow(name=TITLES[row.name], ok=row.outcome != "failed", found=found, detail="\n".join(wrong))


def _not_run(name: str, image: str, error: ImageError, folder: Path) -> TrialRow:
    problem = error.problems[0]
    check = CheckRow(name="machine", ok=False, found=problem.what, detail=f"{problem.detail}\n{problem.hint}")
    return TrialRow(
        scenario=name, image=image, generation="", accelerator="", passed=False, reason=problem.what, ready_s=0.0,
        seconds=0.0, phases=(check,), report=str(folder / "report.html"),
    )  # fmt: skip
