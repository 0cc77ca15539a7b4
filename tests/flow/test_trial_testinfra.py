"""Checks in Python: real pytest runs; what they ask of a guest is tested with a machine in tests/system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ToolError
from boatyard.flow.trial import testinfra
from boatyard.flow.trial.testinfra import parse, run_testinfra
from boatyard.ports.run import Command
from boatyard.vm.ssh import Ssh

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.ports.run import HostRunner

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="4">
<testcase classname="test_web" name="test_nginx[ssh://vm?controlpersist=0&amp;timeout=60]" file="test_web.py" line="4"
 time="1.25" />
<testcase classname="test_web.TestTls" name="test_port[ssh://vm-443]" file="test_web.py" line="9" time="0.1">
<failure message="AssertionError: assert False&#10; +  where">def test_port(host):
E   assert False</failure></testcase>
<testcase classname="test_web" name="test_later" file="test_web.py" line="19" time="0">
<skipped type="pytest.skip" message="not yet">test_web.py:20: not yet</skipped></testcase>
<testcase classname="" name="test_broken" time="x"><error message="collection failure">SyntaxError</error></testcase>
</testsuite></testsuites>"""


def summary(checks: list[TrialCheck]) -> list[tuple[str, str, str]]:
    return [(check.name, check.outcome, check.found) for check in checks]


def test_a_report(tmp_path: Path) -> None:
    checks = list(parse(REPORT, 1, "", tmp_path))
    assert summary(checks) == [
        ("test_web::test_nginx", "passed", "passed"),
        ("test_web.TestTls::test_port", "failed", "AssertionError: assert False"),
        ("test_web::test_later", "skipped", "not yet"),
        ("test_broken", "failed", "collection failure"),
    ]
    assert checks[0].place == f"{tmp_path}/test_web.py:5"
    assert checks[0].seconds == 1.25
    assert checks[1].detail.endswith("E   assert False")


@pytest.mark.parametrize("data", [b"", b"<", b"<!DOCTYPE x [<!ENTITY a 'b'>]><testcase name='a'/>", b"<testsuites/>"])
def test_no_report_shows_the_output(tmp_path: Path, data: bytes) -> None:
    for code, found in ((0, "pytest left no report"), (4, "pytest was called wrong"), (-9, "pytest ended with -9")):
        (check,) = parse(data, code, "one\ntwo", tmp_path)
        assert (check.outcome, check.found, check.detail) == ("failed", found, "one\ntwo")


@pytest.fixture
def ssh(tmp_path: Path, run: HostRunner) -> Ssh:
    """The way into a machine that is not there."""
    folder = tmp_path / "a 100 % machine"
    folder.mkdir()
    return Ssh(run, folder, 2222, folder / "key", "azureuser")


def looked(tmp_path: Path, ssh: Ssh, **files: str) -> list[TrialCheck]:
    checks = tmp_path / "checks"
    checks.mkdir()
    for name, text in files.items():
        (checks / f"{name}.py").write_text(text, encoding="utf-8")
    named = [checks / f"{name}.py" for name in files if name.startswith("test_")]
    found = run_testinfra(named, ssh, tmp_path / "run", ssh.run, 120)
    assert sorted(path.name for path in checks.iterdir()) == sorted(f"{name}.py" for name in files)  # no litter
    assert (tmp_path / "run/testinfra.log").stat().st_mode & 0o777 == 0o600
    return found


@pytest.mark.tool
def test_python_runs_and_fails(tmp_path: Path, ssh: Ssh) -> None:
    text = """\
import os

def test_environment(host):
    assert host.backend.get_hostname() == "vm"
    assert "BOATYARD_SECRET" not in os.environ

def test_wrong(number):
    assert number == 4
"""
    conftest = "import pytest\n\n@pytest.fixture\ndef number():\n    return 3\n"
    checks = looked(tmp_path, ssh, test_it=text, conftest=conftest)
    assert [(check.name, check.outcome) for check in checks] == [
        ("test_it::test_environment", "passed"),
        ("test_it::test_wrong", "failed"),
    ]
    assert checks[1].found == "assert 3 == 4"
    assert checks[1].place == f"{tmp_path}/checks/test_it.py:7"


@pytest.mark.tool
def test_a_machine_that_is_gone_fails_its_tests(tmp_path: Path, ssh: Ssh) -> None:
    (check,) = looked(tmp_path, ssh, test_it="def test_user(host):\n    assert host.user('root').exists\n")
    assert check.outcome == "failed"
    assert "255" in check.detail


@pytest.mark.tool
@pytest.mark.parametrize(
    ("text", "found", "evidence"),
    [
        ("def test_x(:\n", "collection failure", "SyntaxError"),
        ("import nothing_of_that_name\n", "collection failure", "ModuleNotFoundError"),
        ("x = 1\n", "no tests in the files", "no tests ran"),
        ("import os\nos._exit(9)\n", "pytest ended with 9", ""),
    ],
)
def test_files_that_are_no_tests(tmp_path: Path, ssh: Ssh, text: str, found: str, evidence: str) -> None:
    (check,) = looked(tmp_path, ssh, test_it=text)
    assert (check.outcome, check.found) == ("failed", found)
    assert evidence in check.detail


@pytest.mark.tool
def test_time_is_limited(tmp_path: Path, ssh: Ssh) -> None:
    path = tmp_path / "test_slow.py"
    text = "import time\n\ndef test_fast(): pass\n\ndef test_slow():\n    time.sleep(300)\n"
    path.write_text(text, encoding="utf-8")
    (check,) = run_testinfra([path], ssh, tmp_path / "run", ssh.run, 15)
    assert (check.outcome, check.name) == ("failed", "testinfra")
    assert check.found == "the tests did not end within 15 s"
    assert "limits.check" in check.hint
    *_, before, last = check.detail.splitlines()
    assert "test_fast PASSED" in before
    assert "test_slow" in last
    assert (tmp_path / "run/testinfra.log").read_text().rstrip().endswith(check.detail)


def test_pytest_may_be_missing(tmp_path: Path, ssh: Ssh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testinfra.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match="pytest is not installed") as caught:
        run_testinfra([tmp_path / "test_it.py"], ssh, tmp_path / "run", ssh.run, 60)
    assert "boatyard[testinfra]" in caught.value.hint


@pytest.mark.tool
def test_ssh_reads_the_way_in(tmp_path: Path, ssh: Ssh, run: HostRunner) -> None:
    config = tmp_path / "config"
    config.write_text(ssh.config("vm"), encoding="utf-8")
    told = run(Command(argv=("ssh", "-G", "-F", str(config), "vm"))).text.splitlines()
    options = dict(line.split(" ", 1) for line in told if " " in line)
    assert options["hostname"] == "127.0.0.1"
    assert options["port"] == "2222"
    assert options["user"] == "azureuser"
    assert options["controlmaster"] == "false"
    assert options["identityfile"] == str(ssh.folder / "key").replace("%", "%%")
