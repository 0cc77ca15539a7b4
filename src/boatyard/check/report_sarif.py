"""A report as SARIF 2.1.0 (OASIS standard), as forges show it beside the lines of a change."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from boatyard import __version__
from boatyard.check.rule import RULES

if TYPE_CHECKING:
    from boatyard.check.finding import Finding, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "boatyard/v1"
PRECISION = {"high": "very-high", "medium": "medium", "low": "low"}
DEFAULT_LEVEL = {"SP000": "note", "SP007": "warning", "SP011": "note", "SP012": "warning"}


def to_sarif(report: Report) -> str:
    """The report as one run; findings that do not count are there as suppressed results."""
    used = list(RULES)
    run = {
        "tool": {
            "driver": {
                "name": "boatyard",
                "semanticVersion": __version__,
                "rules": [
                    {
                        "id": rule.id,
                        "name": "".join(word.capitalize() for word in rule.name.split("-")),
                        "shortDescription": {"text": rule.about},
                        "help": {"text": rule.help},
                        "defaultConfiguration": {"level": DEFAULT_LEVEL.get(rule.id, "error")},
                    }
                    for rule in RULES.values()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "the folder in which the check ran"}}},
        "results": [_result(finding, used.index(finding.rule)) for finding in report.findings],
        "properties": {"image": report.image},
    }
    data = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def _result(finding: Finding, index: int) -> dict[str, object]:
    message = finding.message + (f". Fix: {finding.fix}" if finding.fix else "")
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _location(finding.place.file),
                    "region": {"startLine": finding.place.line, "startColumn": finding.place.column},
                }
            }
        ],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "confidence": finding.confidence,
            "precision": PRECISION[finding.confidence],
            "verdict": finding.verdict.value if finding.verdict else "",
            "need": f"{finding.kind} {finding.name}".strip(),
        },
    }
    if finding.suppressed:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.suppressed}]
    elif finding.baseline:
        result["suppressions"] = [{"kind": "external", "justification": "it is in the baseline"}]
    return result


def _location(file: str) -> dict[str, str]:
    """A file below the folder of the run as a relative reference, any other as a URI of its own."""
    path = posixpath.normpath(file)
    if path.startswith("/"):
        return {"uri": "file://" + quote(path, errors="replace")}
    return {"uri": quote(path, errors="replace"), "uriBaseId": "ROOT"}
