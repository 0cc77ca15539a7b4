"""`boatyard trial run` on Skiff's disk: a whole trial, one whose deployment fails, one that is not provisioned.

They run in this order: the first keeps the provisioned machine, from which the second one starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

TIMEOUT_S = 3600
CLOUD_CONFIG = """\
#cloud-config
write_files:
- {path: /etc/marked, content: by-the-owner}
runcmd:
- no-such-command-of-runcmd || true
"""
# What the deployment prints is looked for in its log.
DEPLOY = """\
#!/bin/sh
set -eu
echo "user $(id -un), $# arguments, the second is $2"
cat app.conf
stat -c 'mode %a' .
curl -sS -H Metadata:true 'http://169.254.169.254/metadata/scheduledevents?api-version=2020-07-01'; echo
dnf -y -q install less
rpm -q less
no-such-command-of-deploy || echo "status $?"
(sleep 600) &
echo kept > /etc/kept
echo lost > /run/lost
"""
FAILING = "#!/bin/sh\necho begun\necho 'the last words' >&2\nexit 7\n"
PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
  - copy: {content: "from the playbook", dest: /etc/by-ansible}
  - delegate_to: localhost
    become: false
    command: test ! -e ~/.ssh
"""
SCENARIO = """\
image = "{disk}"
[vm]
name = "web01"
custom-data = "cloud.yaml"
tags = ["env=test"]
[static]
mode = "report"
{more}
"""
PASSES = """\
[[deploy]]
script = "steps/deploy.sh"
arguments = ["one", "two words"]
files = ["steps/app.conf"]
[[deploy]]
playbook = "steps/site.yml"
[[events]]
kind = "scheduled-event"
[[events]]
kind = "link-flap"
[checks]
agents = ["cloud-init", "waagent"]
ports = ["tcp/22", "tcp/5355", "udp/5355"]
files = ["checks.toml"]
after-reboot = true
"""
CHECKS = (
    '[file."/etc/kept"]\nexists = true\n[file."/etc/by-ansible"]\nexists = true\n[file."/run/lost"]\nexists = true\n'
)


@pytest.fixture(scope="module")
def disk(request: pytest.FixtureRequest) -> Path:
    """The demo's disk, or the qcow2 that BOATYARD_TEST_DISK names."""
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        return Path(there).absolute()
    demo_result: DemoResult = request.getfixturevalue("demo_result")
    (path,) = {image.path for image in demo_result.images if image.format == "qcow2"}
    return Path(path).absolute()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the scenarios, and a cache that the tests of this module share."""
    folder = tmp_path_factory.mktemp("trial")
    (folder / "steps").mkdir()
    for name, text in {
        "cloud.yaml": CLOUD_CONFIG,
        "steps/deploy.sh": DEPLOY,
        "steps/app.conf": "colour = blue\n",
        "steps/site.yml": PLAYBOOK,
        "fails.sh": FAILING,
        "lacks.sh": "no-such-command-of-deploy\n",
        "checks.toml": CHECKS,
    }.items():
        (folder / name).write_text(text)
    return folder


def boatyard(folder: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command with the folder's own cache."""
    argv = [sys.executable, "-m", "boatyard", *words, "--work", str(folder / "work")]
    env = os.environ | {"BOATYARD_CACHE": str(folder / "cache")}
    return subprocess.run(argv, input=said, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=env)


def trial(folder: Path, disk: Path, name: str, more: str) -> tuple[int, dict[str, Any], str]:
    """Runs a scenario by the command; the exit code, the report, and what it said on stderr."""
    (folder / f"{name}.toml").write_text(SCENARIO.format(disk=disk, more=more))
    ended = boatyard(folder, "trial", "run", str(folder / f"{name}.toml"), "--report", str(folder / name), "-o", "json")
    assert ended.stdout, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    assert report == json.loads((folder / name / "report.json").read_text())
    return ended.returncode, report, ended.stderr


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["outcome"] for row in report["phases"]}


def failed(report: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(check["name"], check["after_reboot"]) for check in report["checks"] if check["outcome"] == "failed"]


def test_a_deployment_that_cannot_work_is_not_even_tried(folder: Path, disk: Path) -> None:
    strict = SCENARIO.replace('mode = "report"', 'mode = "fail"')
    (folder / "strict.toml").write_text(strict.format(disk=disk, more='[[deploy]]\nscript = "lacks.sh"\n'))
    words = ("trial", "run", str(folder / "strict.toml"), "--report", str(folder / "strict"))
    ended = boatyard(folder, *words)
    assert ended.returncode == 20, ended.stderr
    assert "no-such-command-of-deploy" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("verdict      FAILED at static check")
    assert not (folder / "strict/requests.jsonl").exists(), "no machine was started"


def test_only_what_a_restart_loses_fails(folder: Path, disk: Path) -> None:
    code, report, said = trial(folder, disk, "passes", PASSES)
    assert [name for name, again in failed(report) if not again] == [], said
    assert code == 60
    assert report["failed_phase"] == "check"
    ((lost, after_reboot),) = failed(report)
    assert "/run/lost" in lost
    assert after_reboot
    assert outcomes(report) | {"check": ""} == {
        "static": "passed",  # what is not there is guarded
        "boot": "passed",
        "provision": "passed",
        "deploy": "passed",
        "check": "",
    }
    log = (folder / "passes/deploy-1-deploy.sh.log").read_text()
    assert "user root, 2 arguments, the second is two words\ncolour = blue\nmode 700\n" in log
    assert '"EventType": "Reboot"' in log or '"EventType":"Reboot"' in log
    assert "less-" in log, "installed from the repositories that the trial serves"
    assert "status 127" in log
    seen = {one["name"]: (one["expected"], one["seen"]) for one in report["commands"]}
    assert seen["no-such-command-of-deploy"] == ("missing", True)
    assert seen["no-such-command-of-runcmd"] == ("missing", True)
    kept = [path for path in (folder / "passes").iterdir() if path.name != ".lock"]
    made = {path.name: path.stat().st_mode & 0o777 for path in kept}
    assert set(made) >= {"report.json", "report.html", "junit.xml", "console.log", "requests.jsonl", "run.jsonl"}
    assert set(made.values()) == {0o600}
    assert {moment["lane"] for moment in report["moments"]} >= {
        "machine",
        "dhcp",
        "imds",
        "wireserver",
        "deploy",
        "check",
    }


def test_a_deployment_that_fails_is_told_with_its_last_words(folder: Path, disk: Path) -> None:
    code, report, _ = trial(folder, disk, "fails", '[[deploy]]\nscript = "fails.sh"\n')
    assert (code, report["failed_phase"], report["reason"]) == (50, "deploy", "fails.sh: exit status 7")
    (check,) = [check for check in report["checks"] if check["phase"] == "deploy"]
    assert check["detail"] == "begun\nthe last words"
    assert outcomes(report)["check"] == "skipped"


def test_a_shell_is_one_on_that_machine(folder: Path, disk: Path) -> None:
    (folder / "shell.toml").write_text(SCENARIO.format(disk=disk, more=""))
    ended = boatyard(folder, "trial", "shell", str(folder / "shell.toml"), said="hostname\nsudo -n id -u\nexit 3\n")
    assert (ended.stdout, ended.returncode) == ("web01\n0\n", 3), ended.stderr


def test_a_machine_that_is_not_provisioned_is_told_with_the_reason(folder: Path, disk: Path) -> None:
    code, report, _ = trial(folder, disk, "unprovisioned", '[faults]\ncd-without = ["HostName"]\n')
    assert (code, report["failed_phase"]) == (40, "provision")
    assert report["reason"] == "unexpected metadata parsing ovf-env.xml: missing configuration for 'HostName'"
    (check,) = [check for check in report["checks"] if check["phase"] == "provision"]
    assert "cd-without" in check["hint"]
    assert outcomes(report) | {"static": ""} == {
        "static": "",
        "boot": "passed",
        "provision": "failed",
        "deploy": "skipped",
        "check": "skipped",
    }
    assert any(moment["lane"] == "wireserver" for moment in report["moments"])
