"""A report as JUnit's XML, as CI systems read it: a suite for each file, a case for each thing it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from boatyard.check.finding import RANK, Verdict, shown

if TYPE_CHECKING:
    from boatyard.check.finding import FileReport, Finding, Report


def to_junit(report: Report, *, strict: bool = False) -> str:
    """The report; errors fail a case, with `strict` warnings and unknown needs too. Unknown needs are skipped else."""
    root = ElementTree.Element("testsuites", {"name": f"boatyard trial check {_plain(report.image)}".strip()})
    totals = [0, 0, 0]
    for file in report.files:
        suite = _suite(file, strict)
        root.append(suite)
        for at, key in enumerate(("tests", "failures", "skipped")):
            totals[at] += int(suite.get(key, "0"))
    for key, total in zip(("tests", "failures", "skipped"), totals, strict=True):
        root.set(key, str(total))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(file: FileReport, strict: bool) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": _plain(file.file)})
    by_case: dict[str, list[Finding]] = {}
    for finding in file.findings:
        by_case.setdefault(_case_name(finding.kind, finding.name, finding.rule), []).append(finding)
    for judged in file.needs:
        by_case.setdefault(_case_name(judged.need.kind.value, shown(judged.need.name), ""), [])
    unknown = {shown(one.need.name) for one in file.needs if one.verdict is Verdict.UNKNOWN}
    failures = skipped = 0
    for name, findings in by_case.items():
        case = ElementTree.SubElement(suite, "testcase", {"name": _plain(name), "classname": _plain(file.file)})
        failing = [one for one in findings if one.counts and _fails(one, strict)]
        others = [one for one in findings if one not in failing]
        if failing:
            failures += 1
            worst = max(failing, key=lambda one: RANK[one.severity])
            failure = ElementTree.SubElement(case, "failure", {"type": worst.rule, "message": _plain(worst.message)})
            failure.text = "\n".join(_plain(_line(one)) for one in failing)
        elif any(one.suppressed or one.baseline for one in findings) or name.split(" ", 1)[-1] in unknown:
            skipped += 1
            why = next((one.suppressed or "in the baseline" for one in findings if not one.counts), "not known")
            ElementTree.SubElement(case, "skipped", {"message": _plain(why)})
        if others:
            ElementTree.SubElement(case, "system-out").text = "\n".join(_plain(_line(one)) for one in others)
    suite.set("tests", str(len(by_case)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", str(skipped))
    return suite


def _case_name(kind: str, name: str, rule: str) -> str:
    return f"{kind} {name}".strip() or rule


def _fails(finding: Finding, strict: bool) -> bool:
    return finding.severity == "error" or (
        strict and (finding.severity == "warning" or finding.rule in ("SP000", "SP011"))
    )


def _line(finding: Finding) -> str:
    fix = f" (fix: {finding.fix})" if finding.fix else ""
    return f"{finding.place}: {finding.severity} {finding.rule}: {finding.message}{fix}"


def _plain(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        char if char in "\t\n" or (char.isprintable() and ord(char) not in (0xFFFE, 0xFFFF)) else "?" for char in text
    )
