"""A report as one JSON object; docs/reference/trial-check.md describes its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from boatyard.check.finding import shown

if TYPE_CHECKING:
    from boatyard.check.finding import FileReport, Finding, Judged, Report

VERSION = 1


def to_json(report: Report) -> str:
    """The whole report: every need with its verdict, every finding, and the verdict on each command."""
    data = {
        "version": VERSION,
        "image": report.image,
        "counts": {severity: report.count(severity) for severity in ("error", "warning", "note")},
        "commands": {name: verdict.value for name, verdict in sorted(report.commands().items())},
        "missingCommands": sorted(report.missing_commands()),
        "files": [_file(file) for file in report.files],
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def _file(file: FileReport) -> dict[str, object]:
    return {
        "file": file.file,
        "type": file.type,
        "needs": [_need(need) for need in file.needs],
        "findings": [_finding(finding) for finding in file.findings],
    }


def _need(judged: Judged) -> dict[str, object]:
    need = judged.need
    return {
        "kind": need.kind.value,
        "name": shown(need.name),
        "line": need.place.line,
        "column": need.place.column,
        "verdict": judged.verdict.value,
        "package": judged.package,
        "reached": judged.reached,
        "tolerated": judged.tolerated,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "fix": finding.fix,
        "kind": finding.kind,
        "name": finding.name,
        "verdict": finding.verdict.value if finding.verdict else None,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "alsoLines": list(finding.also),
        "text": finding.text,
        "fingerprint": finding.fingerprint,
        "suppressed": finding.suppressed,
        "baseline": finding.baseline,
    }
