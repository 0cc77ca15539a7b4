"""The first phase of a trial: what its files need that the image lacks; and, at the end, whether that came true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import PhaseRow, SeenCommand, TrialCheck
from boatyard.base.error import BoatyardError
from boatyard.check.check import check_in_turn
from boatyard.check.finding import Verdict
from boatyard.check.kind import has_parts, type_of
from boatyard.flow.trial.check import LARGEST_FILE, image_facts, read_source
from boatyard.ports import clock
from boatyard.trial.not_found import commands_not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Literal

    from boatyard.artifact.trial_report import Outcome
    from boatyard.check.finding import FileReport, Finding, Report
    from boatyard.check.step import Source
    from boatyard.flow.trial.image import TrialDisk
    from boatyard.trial.scenario import Scenario

EXPECTED: dict[Verdict, Literal["missing", "present", "unknown"]] = {
    Verdict.PRESENT: "present",
    Verdict.INSTALLABLE: "missing",
    Verdict.NOWHERE: "missing",
    Verdict.UNKNOWN: "unknown",
}
# What cloud-init takes for itself, by the beginning of what it is given.
NOT_READ = ("#include", "#part-handler", "#cloud-config-jsonp")


def static_phase(
    scenario: Scenario, folder: Path, disk: TrialDisk, cache: Path
) -> tuple[PhaseRow, list[TrialCheck], Report | None]:
    """The phase, a check for each file and each thing found in it, and the report to `compare` with in the end.

    `folder`: that of the scenario, which files are named relative to; `cache`: where facts of images are kept.
    Only in the mode `fail` errors are failures: in the mode `report` the trial shows whether they are true. An image of
    which nothing is known makes the phase `unknown`.
    """
    started, mode = clock.monotonic(), scenario.static.mode
    sources, beside = sources_of(scenario, folder)
    if mode == "off" or not sources:
        reason = "it is switched off" if mode == "off" else "no file of the deployment is of a kind that it reads"
        return PhaseRow(name="static", outcome="skipped", seconds=0.0, reason=reason), [], None
    if disk.manifest is None:
        reason = "what the image holds is not known: there is no manifest of it"
        return PhaseRow(name="static", outcome="unknown", seconds=0.0, reason=reason), [], None
    try:
        facts = image_facts(disk.manifest, disk.repositories, None, cache)
    except BoatyardError as error:
        reason = f"what the image holds is not known: {error.problems[0].what}"
        return PhaseRow(name="static", outcome="unknown", seconds=_since(started), reason=reason), [], None
    report = check_in_turn(sources, beside, facts)
    errors = [one for one in report.findings if one.severity == "error" and one.counts]
    outcome: Outcome = "passed" if not errors else "failed" if mode == "fail" else "unknown"
    row = PhaseRow(name="static", outcome=outcome, seconds=_since(started), reason=_reason(errors, outcome))
    return row, list(checks_of(report, fail=mode == "fail")), report


def checks_of(report: Report, *, fail: bool) -> Iterator[TrialCheck]:
    """What a report says, as checks: of each file how much it uses, then what is wrong with it.

    Errors are `failed` when they are to `fail` the trial, else `unknown`, as all warnings are. Notes are left out.
    """
    for file in report.files:
        told = [one for one in file.findings if one.counts and one.severity != "note"]
        if not told:
            yield TrialCheck(phase="static", name=file.file, outcome="passed", found=_uses(file), place=file.file)
        for one in told:
            failed = fail and one.severity == "error"
            yield TrialCheck(
                phase="static",
                name=" ".join(filter(None, (one.rule, one.kind, one.name))),
                outcome="failed" if failed else "unknown",
                found=one.message,
                detail=_detail(one),
                hint=one.fix,
                place=f"{one.place.file}:{one.place.line}",
            )


def compare(report: Report | None, words: Iterable[str]) -> tuple[SeenCommand, ...]:
    """The commands that lines of the guest's logs say were not found, and those that the static check missed in the
    image: where one of the two is without the other, the check was wrong.

    A command of a branch that may not be reached is expected only when the guest got there.
    """
    surely = report.commands() if report is not None else {}
    perhaps = report.commands(perhaps=True) if report is not None else {}
    seen = commands_not_found(words, perhaps)
    expected = {name: EXPECTED[verdict] for name, verdict in (perhaps | surely).items()}
    listed = {*seen, *(name for name in surely if expected[name] == "missing")}
    return tuple(SeenCommand(name=name, expected=expected.get(name, ""), seen=name in seen) for name in sorted(listed))


def sources_of(scenario: Scenario, folder: Path) -> tuple[list[Source], list[Source]]:
    """What runs, in the order in which it does, and what lies beside it. cloud-init prefers custom data."""
    name = scenario.vm.custom_data or scenario.vm.user_data
    runs = [_user_data(folder, name)] if name else []
    beside: list[Source | None] = []
    for step in scenario.deploy:
        name = step.script or step.playbook
        runs.append(_source(folder, name, "" if step.script else "ansible"))
        beside += [_source(folder, one) for text in step.files for one in _files(folder, text)]
    runs += [_source(folder, name) for name in scenario.static.files]
    return [one for one in runs if one is not None], [one for one in beside if one is not None]


def _user_data(folder: Path, name: str) -> Source | None:
    """cloud-init goes by the content alone, and takes what has no mark of its own for cloud-config."""
    source = _source(folder, name, "cloud-config")
    if source is None or not source.text or source.text.startswith(NOT_READ):
        return None
    kind = "mime" if has_parts(source.text) else type_of("user-data", source.text)
    return replace(source, type=kind) if kind else None


def _source(folder: Path, name: str, kind: str = "") -> Source | None:
    path = folder / name
    return read_source(path, name, kind) if path.is_file() and path.stat().st_size <= LARGEST_FILE else None


def _files(folder: Path, text: str) -> list[str]:
    path = folder / text
    found = sorted(one for one in path.rglob("*") if not one.is_symlink()) if path.is_dir() else [path]
    return [str(one.relative_to(folder)) for one in found]


def _reason(errors: list[Finding], outcome: Outcome) -> str:
    if not errors:
        return ""
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    told = f"{errors[0].place.file}:{errors[0].place.line}: {errors[0].message}{more}"
    return told if outcome == "failed" else f"only reported: {told}"


def _uses(file: FileReport) -> str:
    if not file.needs:
        return "uses nothing that an image could lack"
    there = sum(one.verdict is Verdict.PRESENT for one in file.needs)
    unknown = sum(one.verdict is Verdict.UNKNOWN for one in file.needs)
    told = f"{len(file.needs)} use{'' if len(file.needs) == 1 else 's'}, {there} of what is there"
    return told + (f", {unknown} of what is not known" if unknown else "")


def _detail(finding: Finding) -> str:
    also = f"also in line {', '.join(map(str, finding.also))}" if finding.also else ""
    return "\n".join(filter(None, (finding.text, also)))


def _since(started: float) -> float:
    return round(clock.monotonic() - started, 1)
