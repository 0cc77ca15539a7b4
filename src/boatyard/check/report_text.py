"""A report for people: a line for each finding, with its cure, then the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.check.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.check.finding import Finding, Report

MANY = 6


def to_text(report: Report, *, notes: bool = False) -> str:
    """The report as text; with `notes` also what does no harm or is not known, and what is suppressed."""
    return "\n".join(_lines(report, notes)) + "\n"


def _lines(report: Report, notes: bool) -> Iterator[str]:
    for finding in report.findings:
        if notes or (finding.counts and finding.severity != "note"):
            yield from _finding(finding)
    errors, warnings, told = (report.count(one) for one in ("error", "warning", "note"))
    unknown = sum(need.verdict is Verdict.UNKNOWN for file in report.files for need in file.needs)
    hidden = sum(not finding.counts for finding in report.findings)
    yield (
        f"{_number(len(report.files), 'file')} for {_printable(report.image) or 'the image'}: "
        f"{_number(errors, 'error')}, {_number(warnings, 'warning')}, {_number(told, 'note')}"
        + (f"; {_number(unknown, 'use')} of something that is not known" if unknown else "")
        + (f"; {hidden} suppressed" if hidden else "")
    )


def _finding(finding: Finding) -> Iterator[str]:
    mark = (
        " (suppressed: " + finding.suppressed + ")"
        if finding.suppressed
        else " (in the baseline)"
        if finding.baseline
        else ""
    )
    yield _printable(f"{finding.place}: {finding.severity} {finding.rule}: {finding.message}{mark}")
    if finding.text and finding.rule != "SP012":
        yield _printable(f"    | {finding.text}")
    if finding.fix and finding.counts:
        yield _printable(f"    fix: {finding.fix}")
    if finding.also:
        lines = ", ".join(map(str, finding.also[:MANY])) + (", …" if len(finding.also) > MANY else "")
        yield f"    also in line {lines}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _printable(text: str) -> str:
    """Text of foreign files without what moves cursors or colours terminals."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)
