"""A trial as JUnit's XML: a suite for each phase, a case for each check (docs/reference/trial-report.md).

It is valid by the schema of Ant's JUnit task and by that of Jenkins, which are the strictest that readers use.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from boatyard.artifact.trial_report import TITLES
from boatyard.report.visible import visible_block, visible_line

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import PhaseName, PhaseRow, TrialCheck, TrialReport

NO_TIME = "1970-01-01T00:00:00"


def to_junit(report: TrialReport) -> str:
    """The report. What was skipped or could not be told is skipped; the console is the output of the deciding phase."""
    root = ElementTree.Element("testsuites")
    ran = [phase.name for phase in report.phases if phase.outcome != "skipped"]
    deciding = report.failed_phase or (ran[-1] if ran else None)
    for number, phase in enumerate(report.phases):
        suite = _suite(report, phase)
        suite.set("id", str(number))
        out = visible_block(report.console) if phase.name == deciding else ""
        ElementTree.SubElement(suite, "system-out").text = out
        ElementTree.SubElement(suite, "system-err")
        root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(report: TrialReport, phase: PhaseRow) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": phase.name, "package": _token(report.scenario)})
    suite.set("timestamp", _timestamp(report.started))
    suite.set("hostname", _token(report.machine))
    suite.set("time", f"{phase.seconds:.3f}")
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(report, phase):
        ElementTree.SubElement(properties, "property", {"name": name, "value": visible_line(value)})
    checks = [check for check in report.checks if check.phase == phase.name]
    if not any(check.outcome == "failed" for check in checks):
        _own_case(suite, report, phase)
    seen: dict[str, int] = {}
    for check in checks:
        name = _token(check.name + (" after reboot" if check.after_reboot else ""))
        seen[name] = seen.get(name, 0) + 1
        _case(suite, report, check, name if seen[name] == 1 else f"{name} ({seen[name]})")
    for key, path in (("tests", "testcase"), ("failures", "testcase/failure"), ("skipped", "testcase/skipped")):
        suite.set(key, str(len(suite.findall(path))))
    suite.set("errors", "0")
    return suite


def _properties(report: TrialReport, phase: PhaseRow) -> tuple[tuple[str, str], ...]:
    return (
        ("image", report.image.name or report.image.path),
        ("sha256", report.image.sha256),
        ("generation", report.generation),
        ("accelerator", report.accelerator),
        ("snapshot", report.snapshot),
        ("from-snapshot", "yes" if phase.from_snapshot else "no"),
    )


def _own_case(suite: ElementTree.Element, report: TrialReport, phase: PhaseRow) -> None:
    """The phase itself, unless a failed check of it says already what it has to say."""
    case = _testcase(suite, report, phase.name, TITLES[phase.name], phase.seconds)
    reason = visible_line(phase.reason or (report.reason if phase.name == report.failed_phase else ""))
    if phase.outcome == "failed":
        failure = ElementTree.SubElement(case, "failure", {"type": phase.name, "message": reason or "failed"})
        failure.text = reason
    elif phase.outcome != "passed":
        ElementTree.SubElement(case, "skipped", {"message": reason or phase.outcome})


def _case(suite: ElementTree.Element, report: TrialReport, check: TrialCheck, name: str) -> None:
    case = _testcase(suite, report, check.phase, name, check.seconds)
    found = visible_line(check.found)
    if check.outcome == "failed":
        lines = (check.place and f"at: {visible_line(check.place)}", visible_block(check.detail))
        hint = check.hint and f"hint: {visible_line(check.hint)}"
        failure = ElementTree.SubElement(case, "failure", {"type": check.phase, "message": found})
        failure.text = "\n".join(line for line in (found, *lines, hint) if line)
    elif check.outcome != "passed":
        ElementTree.SubElement(case, "skipped", {"message": found or check.outcome})


def _testcase(
    suite: ElementTree.Element, report: TrialReport, phase: PhaseName, name: str, seconds: float
) -> ElementTree.Element:
    words = {"name": name, "classname": f"{_token(report.scenario)}.{phase}", "time": f"{seconds:.3f}"}
    return ElementTree.SubElement(suite, "testcase", words)


def _token(text: str) -> str:
    """What the schemas call a token: no space at its ends, none twice, never empty."""
    return " ".join(visible_line(text).split()) or "unnamed"


def _timestamp(text: str) -> str:
    """ISO 8601 without a zone, as Ant's schema wants it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(timespec="seconds")
    except ValueError:
        return NO_TIME
