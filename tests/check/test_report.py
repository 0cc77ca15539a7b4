"""Reports: SARIF by the rules of its schema, JUnit as CI systems read it, JSON, text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from tests.check.measure import corpus_facts, snippets

from boatyard.check.baseline import baseline_of, without_known
from boatyard.check.check import check
from boatyard.check.report_json import to_json
from boatyard.check.report_junit import to_junit
from boatyard.check.report_sarif import to_sarif
from boatyard.check.report_text import to_text
from boatyard.check.rule import RULES
from boatyard.check.step import Source

if TYPE_CHECKING:
    from boatyard.check.finding import Report

FACTS = corpus_facts()
SCRIPT = """\
#!/bin/bash
htop -b
jq . /etc/x.json
less x  # boatyard: ignore SP001 only by hand
"$1" --version
[ -n "$1" ] && tree /
lsof || true
"""


def a_report() -> Report:
    return check([Source("deploy/über script.sh", SCRIPT, "shell"), Source("ok.sh", "true\n", "shell")], FACTS)


def everything() -> Report:
    return check([Source(one.name, one.text, one.type) for one in snippets()], FACTS)


# What the schema of SARIF 2.1.0 demands of the objects that are used here: (type, required); `?` where it is optional.
SHAPES: dict[str, dict[str, Any]] = {
    "log": {"version": str, "$schema": str, "runs": list},
    "run": {"tool": dict, "columnKind": str, "originalUriBaseIds": dict, "results": list, "properties": dict},
    "driver": {"name": str, "semanticVersion": str, "rules": list},
    "rule": {"id": str, "name": str, "shortDescription": dict, "help": dict, "defaultConfiguration": dict},
    "result": {
        "ruleId": str, "ruleIndex": int, "level": str, "message": dict, "locations": list,
        "partialFingerprints": dict, "properties": dict, "suppressions?": list,
    },
    "region": {"startLine": int, "startColumn": int},
    "artifactLocation": {"uri": str, "uriBaseId?": str},
}  # fmt: skip
LEVELS = {"none", "note", "warning", "error"}


def check_shape(name: str, value: dict[str, Any]) -> None:
    shape = SHAPES[name]
    needed = {key for key in shape if not key.endswith("?")}
    known = {key.rstrip("?") for key in shape}
    assert needed <= value.keys() <= known, name
    for key, kind in shape.items():
        assert isinstance(value.get(key.rstrip("?"), kind()), kind), (name, key)


@pytest.mark.parametrize("report", [a_report(), everything()], ids=["small", "corpus"])
def test_sarif_keeps_the_rules_of_its_schema(report: Report) -> None:
    log = json.loads(to_sarif(report))
    check_shape("log", log)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    check_shape("run", run)
    assert run["columnKind"] in ("unicodeCodePoints", "utf16CodeUnits")
    check_shape("driver", run["tool"]["driver"])
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        check_shape("rule", rule)
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in LEVELS
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        check_result(result, rules, run["originalUriBaseIds"])


def check_result(result: dict[str, Any], rules: list[dict[str, Any]], bases: dict[str, Any]) -> None:
    check_shape("result", result)
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in LEVELS
    assert result["message"]["text"]
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    check_shape("artifactLocation", physical["artifactLocation"])
    check_shape("region", physical["region"])
    uri = physical["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", uri), "no URI reference"
    assert physical["artifactLocation"].get("uriBaseId", "ROOT") in bases
    assert physical["region"]["startLine"] >= 1
    assert physical["region"]["startColumn"] >= 1
    assert all(isinstance(one, str) for one in result["partialFingerprints"].values())
    for one in result.get("suppressions", []):
        assert one["kind"] in ("inSource", "external")
        assert one["justification"]


def test_sarif_tells_of_suppressions_and_names_files() -> None:
    (run,) = json.loads(to_sarif(a_report()))["runs"]
    suppressed = [one for one in run["results"] if "suppressions" in one]
    assert [(one["ruleId"], one["suppressions"]) for one in suppressed] == [
        ("SP001", [{"kind": "inSource", "justification": "only by hand"}])
    ]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == "deploy/über script.sh"


def test_a_baseline_is_told_in_sarif() -> None:
    report = a_report()
    (run,) = json.loads(to_sarif(without_known(report, baseline_of(report))))["runs"]
    kinds = [one["suppressions"][0]["kind"] for one in run["results"] if one["level"] != "note"]
    assert sorted(kinds) == ["external", "external", "external", "inSource"]


def test_junit_counts_and_nests_as_its_readers_expect() -> None:
    root = ElementTree.fromstring(to_junit(a_report()))
    assert root.tag == "testsuites"
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["deploy/über script.sh", "ok.sh"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
        assert all(case.get("name") and case.get("classname") for case in cases)
    failures = {
        case.get("name"): failure.get("type") for case in root.iter("testcase") for failure in case.iter("failure")
    }
    assert failures == {"command htop": "SP002", "command jq": "SP001"}
    skipped = {case.get("name"): one.get("message") for case in root.iter("testcase") for one in case.iter("skipped")}
    assert skipped == {"command less": "only by hand", "command …": "not known"}


def test_junit_in_strict_mode_fails_what_is_not_certain() -> None:
    root = ElementTree.fromstring(to_junit(a_report(), strict=True))
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    assert failed == {"command htop", "command jq", "command tree", "command …"}


def test_json_has_every_need_and_finding() -> None:
    report = a_report()
    data = json.loads(to_json(report))
    assert data["counts"] == {"error": 2, "warning": 1, "note": 2}
    assert data["missingCommands"] == ["htop", "jq", "less"]
    assert data["commands"]["jq"] == "installable"
    needs = [need for file in data["files"] for need in file["needs"]]
    assert {(need["name"], need["verdict"]) for need in needs} >= {("htop", "nowhere"), ("…", "unknown")}
    findings = [finding for file in data["files"] for finding in file["findings"]]
    assert len(findings) == len(report.findings)
    assert all(finding["rule"] in RULES for finding in findings)


def test_text_shows_what_counts() -> None:
    text = to_text(a_report())
    assert (
        text.splitlines()[0]
        == "deploy/über script.sh:2:1: error SP002: command htop is not in the image; no repository has it"
    )
    assert "    fix: dnf install -y jq" in text.splitlines()
    assert "less" not in text.replace("harmless", "")
    assert text.splitlines()[-1] == (
        "2 files for harbour: 2 errors, 1 warning, 2 notes; 1 use of something that is not known; 1 suppressed"
    )
    assert "(suppressed: only by hand)" in to_text(a_report(), notes=True)


def test_nothing_foreign_moves_the_cursor() -> None:
    hostile = Source("a\x1b[2J.sh", "\x1b]0;owned\x07htop\n'x\x1b[31m' --version\n", "shell")
    report = check([hostile], FACTS)
    assert report.findings
    for text in (to_text(report, notes=True), to_junit(report), to_sarif(report), to_json(report)):
        assert not set(text) & {"\x1b", "\x07"}
    ElementTree.fromstring(to_junit(report))


@pytest.mark.parametrize(
    "command",
    [
        "htop --password=hunter2",
        "htop --token hunter2",
        "htop -H 'Authorization: Bearer hunter2'",
        'PASSWORD="hunter2 and more" htop',
        "htop 'AccountKey=hunter2'",
        "htop https://example.com/?sig=hunter2&x=1",
        "htop https://me:hunter2@example.com/x",
    ],
)
def test_secrets_are_not_repeated(command: str) -> None:
    report = check([Source("x.sh", command + "\n", "shell")], FACTS)
    assert report.count("error") == 1
    for text in (to_text(report, notes=True), to_junit(report), to_sarif(report), to_json(report)):
        assert "hunter2" not in text
        assert "and more" not in text
