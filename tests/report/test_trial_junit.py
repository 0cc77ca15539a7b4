"""JUnit's XML by the rules of the two schemas that readers use: that of Ant's task, and that of Jenkins."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from tests.report.trial_sample import SAMPLES, failed_after_reboot, failed_at_provisioning, passed

from boatyard.report.trial_junit import to_junit

# Attributes as both schemas allow them, all that the stricter one requires.
NUMBER, TIME = r"\d+", r"\d+\.\d{3}"
TOKEN = r"\S+( \S+)*"
SUITE = {
    "name": "static|boot|provision|deploy|check",
    "package": TOKEN,
    "id": NUMBER,
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "hostname": TOKEN,
    "tests": NUMBER,
    "failures": NUMBER,
    "errors": NUMBER,
    "skipped": NUMBER,
    "time": TIME,
}
CASE = {"name": TOKEN, "classname": TOKEN, "time": TIME}
RESULTS = {"failure": {"type": r"\w+", "message": "(?s).*"}, "skipped": {"message": "(?s).+"}}
PROVISION = """\
  <testsuite name="provision" package="web server" timestamp="2026-05-04T10:11:12" hostname="web01" time="5.200" \
tests="1" failures="1" skipped="0" errors="0" id="2">
    <properties>
      <property name="image" value="skiff-disk" />
      <property name="sha256" value="1f0e4f9a6f2b6f8e2a3c7e1f5c1b8d9e0a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d" />
      <property name="generation" value="gen2" />
      <property name="accelerator" value="tcg" />
      <property name="snapshot" value="none" />
      <property name="from-snapshot" value="no" />
    </properties>
    <testcase name="ready" classname="web server.provision" time="0.000">
      <failure type="provision" message="failed: unparseable ovf-env.xml">failed: unparseable ovf-env.xml
cloud-init.log:
  in read_azure_ovf, line 2018
ReportableErrorOvfParsingException
hint: look at the custom data: /var/log/cloud-init.log of the machine names the element</failure>
    </testcase>
    <system-out>[    8.000000] cloud-init[412]: waiting for the metadata service
"""
SKIPPED = """\
    <testcase name="deployment" classname="web server.deploy" time="0.000">
      <skipped message="skipped" />
    </testcase>
    <system-out />
    <system-err />
  </testsuite>
"""


def cases(text: str) -> dict[tuple[str, str], ElementTree.Element]:
    found = ElementTree.fromstring(text)
    return {(suite.get("name", ""), case.get("name", "")): case for suite in found for case in suite.iter("testcase")}


def attributes_fit(element: ElementTree.Element, rules: dict[str, str]) -> bool:
    return element.attrib.keys() == rules.keys() and all(
        re.fullmatch(rule, element.get(name, "")) for name, rule in rules.items()
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_valid(name: str) -> None:
    root = ElementTree.fromstring(to_junit(SAMPLES[name]()))
    assert (root.tag, root.attrib) == ("testsuites", {})
    for number, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert attributes_fit(suite, SUITE), suite.attrib
        assert suite.get("id") == str(number)
        order = " ".join(child.tag for child in suite)
        assert re.fullmatch("properties( testcase)+ system-out system-err", order), order
        for one in suite.iter("property"):
            assert attributes_fit(one, {"name": TOKEN, "value": ".*"})
        for case in suite.findall("testcase"):
            assert attributes_fit(case, CASE), case.attrib
            assert len(case) <= 1
            assert all(attributes_fit(result, RESULTS[result.tag]) for result in case)
        names = [case.get("name") for case in suite.findall("testcase")]
        assert len(names) == len(set(names))
        for key, path in (("tests", "testcase"), ("failures", "*/failure"), ("skipped", "*/skipped")):
            assert int(suite.get(key, "")) == len(suite.findall(path))


def test_a_failed_phase() -> None:
    text = to_junit(failed_at_provisioning())
    assert PROVISION in text
    assert SKIPPED in text
    assert text.count("waiting for the metadata service") == 12


def test_checks_after_a_reboot_are_cases_of_their_own() -> None:
    found = cases(to_junit(failed_after_reboot()))
    failed = {name for name, case in found.items() if case.find("failure") is not None}
    assert failed == {("check", "units after reboot"), ("check", "page is served after reboot")}
    assert found["check", "units"].find("failure") is None
    text = found["check", "page is served after reboot"].findtext("failure")
    assert text == "connection refused\nat: checks.toml:4"


def test_a_phase_that_failed_without_a_check_is_a_failed_case() -> None:
    report = failed_at_provisioning()
    found = cases(to_junit(replace(report, checks=())))
    failure = found["provision", "provisioning"].find("failure")
    assert failure is not None
    assert failure.get("message") == report.reason


def test_what_cannot_be_told_is_skipped_and_the_same_name_twice_is_numbered() -> None:
    check = passed().checks[4]
    again = replace(check, outcome="unknown", found="systemctl did not answer")
    found = cases(to_junit(replace(passed(), checks=(check, again))))
    assert len(found["check", "units"]) == 0
    skipped = found["check", "units (2)"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "systemctl did not answer"


def test_a_time_that_is_none_is_the_epoch() -> None:
    suite = ElementTree.fromstring(to_junit(replace(passed(), started="yesterday")))[0]
    assert suite.get("timestamp") == "1970-01-01T00:00:00"
