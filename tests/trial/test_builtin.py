"""The built-in checks: what answers of guests mean, and that shells of this machine answer at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from tests.trial.local_shell import AVAILABLE, LocalShell
from tests.trial.test_cloud_init import RUNPARTS, SCRIPTS, STAGES
from tests.trial.test_listening import HELD, TABLES

from boatyard.artifact.provision import AgentReport, ProvisionRecord
from boatyard.artifact.trial_report import Contact
from boatyard.trial.builtin import Told, builtin_checks, judge
from boatyard.trial.scenario import BUILT_IN, Checks
from boatyard.trial.section import Answer, Answers

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.ports.run import HostRunner

RECORD = ProvisionRecord(
    ready_s=61.4,
    reports=(
        AgentReport(agent="Cloud-Init/25.1.4", ready=True, at_s=61.4),
        AgentReport(agent="WALinuxAgent/2.12.0.2", ready=False, at_s=70.0, sub_status="Provisioning"),
        AgentReport(agent="WALinuxAgent/2.12.0.2", ready=True, at_s=71.0),
    ),
    agent_version="2.12.0.2",
    agent_status="Ready",
)
AGENT_UNIT = """\
present
Id=walinuxagent.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ConditionResult=yes
ConditionTimestampMonotonic=2345

Id=waagent.service
LoadState=not-found
ActiveState=inactive
"""
FAILED_UNITS = """\
unit chronyd.service
  Could not open /dev/ptp0
  chronyd.service: Failed with result 'exit-code'.

unit lvm2-monitor.service
  -- No entries --

"""
GOOD = {
    "system": "FinishTimestampMonotonic=45600000\nSystemState=running\nNFailedUnits=0\n",
    "units": "",
    "agent": AGENT_UNIT,
    "cloud-init": "present\n" + json.dumps(STAGES),
    "scripts": "script runcmd\nresult \noutput\nhello\n",
    "memory": "MemTotal:  1000000 kB\nMemFree:  500000 kB\nMemAvailable:  750000 kB\n",
    "disk": "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda4 2000000 300000 1600000 16% /\n",
    "ports": TABLES,
    "holders": HELD,
}


def told(**changed: Any) -> Told:
    return Told(**({"record": RECORD, "user": "azureuser"} | changed))


def judged(
    checks: Checks, this: Told | None = None, *, user: str = "azureuser", **answers: str
) -> dict[str, TrialCheck]:
    sections = {name.replace("_", "-"): Answer(text) for name, text in (GOOD | answers).items()}
    found = judge(checks, this or told(), Answers(user, True, sections))
    assert tuple(check.name for check in found) == BUILT_IN
    return {check.name: check for check in found}


def test_a_machine_that_is_well() -> None:
    found = {name: (check.outcome, check.found) for name, check in judged(Checks()).items()}
    assert found == {
        "ready": ("passed", "after 61 s, by Cloud-Init/25.1.4 and WALinuxAgent/2.12.0.2"),
        "agent": ("passed", "WALinuxAgent 2.12.0.2: Ready"),
        "cloud-init": ("passed", "done, datasource azure, 2 warnings"),
        "units": ("passed", "the system is running"),
        "script": ("passed", "runcmd: exit code 0"),
        "login": ("passed", "azureuser, root by sudo"),
        "boot-time": ("passed", "45.6 s"),
        "memory": ("passed", "244 MiB of 977 MiB"),
        "disk": ("passed", "307 MB of 2.0 GB on /"),
        "ports": ("skipped", "open: tcp/22, udp/514; checks.ports lists none to compare with"),
        "egress": ("skipped", "0 places contacted; checks.egress lists none to compare with"),
    }


def test_checks_that_are_left_out() -> None:
    found = judged(Checks(skip=("units", "login")), user="root")
    assert {name for name, check in found.items() if "left out" in check.found} == {"units", "login"}
    assert found["login"].outcome == "skipped"


def test_limits() -> None:
    found = judged(Checks(boot_time="45 s", memory="245 MiB", disk="300 MB"))
    assert [found[name].outcome for name in ("boot-time", "memory", "disk")] == ["failed", "passed", "failed"]
    assert found["disk"].found == "307 MB of 2.0 GB on /, limit 300 MB"


@pytest.mark.parametrize(
    ("rest", "outcome", "found"),
    [
        ("1941544 0 100% /\nwritable\n", "failed", "2.0 GB of 2.0 GB on /; nothing is left"),
        ("1941544 0 100% /\n", "passed", "2.0 GB of 2.0 GB on /"),  # an image that is read-only is always full
        ("300000 4 16% /\nwritable\n", "passed", "307 MB of 2.0 GB on /"),
        ("300000 - - /\nwritable\n", "unknown", "df in the guest gives no figures"),
        ("", "unknown", "df in the guest gives no figures"),
    ],
)
def test_a_full_disk(rest: str, outcome: str, found: str) -> None:
    header = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
    check = judged(Checks(), disk=f"{header}/dev/vda4 1957928 {rest}")["disk"]
    assert (check.outcome, check.found) == (outcome, found)


def test_a_machine_that_still_starts() -> None:
    starting = "FinishTimestampMonotonic=0\nSystemState=starting\n"
    assert judged(Checks(), system=starting)["boot-time"].outcome == "unknown"
    assert judged(Checks(boot_time="1 h"), system=starting)["boot-time"].outcome == "failed"


def test_units_that_failed_show_their_journal() -> None:
    check = judged(Checks(), units=FAILED_UNITS)["units"]
    assert (check.outcome, check.found) == ("failed", "failed: chronyd.service, lvm2-monitor.service")
    assert check.detail.splitlines()[:2] == ["chronyd.service:", "  Could not open /dev/ptp0"]
    check = judged(Checks(ignore_units=("lvm2-*", "chronyd.service")), units=FAILED_UNITS)["units"]
    assert (check.outcome, check.found) == ("passed", "the system is running, 2 failed and ignored")
    assert judged(Checks(), system="System has not been booted with systemd")["units"].outcome == "unknown"


def test_ready() -> None:
    failed = ProvisionRecord(failed="provision", reason="no 'HostName' in ovf-env.xml", detail="d", hint="h")
    check = judged(Checks(), told(record=failed))["ready"]
    assert (check.outcome, check.found, check.hint) == ("failed", "no 'HostName' in ovf-env.xml", "h")
    one = structs.replace(RECORD, reports=RECORD.reports[:1])
    assert judged(Checks(agents=("cloud-init",)), told(record=one))["ready"].outcome == "passed"
    check = judged(Checks(agents=("waagent", "cloud-init")), told(record=one))["ready"]
    assert (check.outcome, check.detail) == ("failed", "no report of waagent")


@pytest.mark.parametrize(
    ("answer", "status", "agents", "outcome", "found"),
    [
        ("", "", (), "skipped", "the image has no WALinuxAgent"),
        ("", "", ("waagent",), "failed", "the image has no WALinuxAgent"),
        (AGENT_UNIT, "NotReady", (), "failed", "WALinuxAgent 2.12.0.2: NotReady"),
        (AGENT_UNIT, "", (), "unknown", "runs, and has not uploaded a status yet"),
        (AGENT_UNIT, "", ("waagent",), "failed", "has uploaded no status; its unit is active"),
        (
            AGENT_UNIT.replace("=active", "=inactive").replace("=yes", "=no"),
            "",
            (),
            "failed",
            "a condition of walinuxagent.service does not hold",
        ),
        (
            AGENT_UNIT.replace("=active", "=inactive").replace("=enabled", "=disabled"),
            "",
            (),
            "skipped",
            "installed, not started: its unit is disabled",
        ),
    ],
)
def test_the_azure_agent(answer: str, status: str, agents: tuple[Any, ...], outcome: str, found: str) -> None:
    record = structs.replace(RECORD, agent_status=status)
    check = judged(Checks(agents=agents), told(record=record), agent=answer)["agent"]
    assert (check.outcome, check.found) == (outcome, found)


def test_cloud_init() -> None:
    answers = {"cloud-init": "absent\n"}
    assert judged(Checks(), **answers)["cloud-init"].outcome == "skipped"
    assert judged(Checks(agents=("cloud-init",)), **answers)["cloud-init"].outcome == "failed"
    assert judged(Checks(), **{"cloud-init": "present\nTraceback"})["cloud-init"].outcome == "unknown"
    stages = {"v1": STAGES["v1"] | {"modules-final": {"errors": [RUNPARTS]}}}
    check = judged(Checks(), **{"cloud-init": "present\n" + json.dumps(stages)})["cloud-init"]
    assert (check.outcome, check.found) == ("failed", "error, datasource azure, 1 error, 1 warning")
    assert check.detail.splitlines()[0] == RUNPARTS


def test_scripts() -> None:
    check = judged(Checks(), scripts=SCRIPTS)["script"]
    assert (check.outcome, check.found) == ("failed", "part-001: exit code 0, runcmd: exit code 127")
    assert check.hint == "not found meanwhile: htop, less"
    silent = "script runcmd\nresult \noutput\nruncmd: line 3: htop: command not found\n"
    check = judged(Checks(), scripts=silent)["script"]
    assert (check.outcome, check.hint) == ("passed", "not found meanwhile: htop")
    assert judged(Checks(), scripts="result \noutput\n")["script"].outcome == "skipped"


def test_who_logs_in() -> None:
    check = judged(Checks(), user="root")["login"]
    assert (check.outcome, check.found, check.detail) == ("failed", "logged in as root", "expected azureuser")
    for refusal, outcome in (("sudo: a password is required", "failed"), ("sh: 3: sudo: not found", "passed")):
        (row,) = [
            row for row in judge(Checks(), told(), Answers("azureuser", False, {}, refusal)) if row.name == "login"
        ]
        assert row.outcome == outcome


def test_open_ports_are_exactly_the_listed_ones() -> None:
    assert judged(Checks(ports=("udp/514", "tcp/22")))["ports"].outcome == "passed"
    check = judged(Checks(ports=("udp/514", "tcp/80")))["ports"]
    assert (check.outcome, check.found) == ("failed", "open: tcp/22, udp/514")
    assert check.detail == "tcp/22 is open (sshd)\ntcp/80 is closed"


def test_egress() -> None:
    contacts = (
        Contact(at_s=1.0, place="tcp 192.0.2.1:443", name="deb.example.org"),
        Contact(at_s=2.0, place="tcp 10.1.0.1:8080"),
        Contact(at_s=3.0, place="udp 198.51.100.7:123", passed=False),
    )
    there = told(contacts=contacts, own=("10.1.0.1:8080",))
    check = judged(Checks(egress=("*.example.org:443",)), there)["egress"]
    assert (check.outcome, check.found) == ("failed", "3 places contacted, 1 of them not listed")
    assert check.detail == "udp 198.51.100.7:123 stopped"
    assert judged(Checks(egress=("*.example.org", "198.51.100.0/24:123")), there)["egress"].outcome == "passed"


@pytest.mark.parametrize("section", sorted(GOOD))
def test_nonsense_from_a_guest_is_no_error(section: str) -> None:
    for text in ("", "present\n\0\n", "=\n:\n\n \n", "unit \nunit", "x " * 20):
        judged(Checks(ports=("tcp/22",)), **{section: text})


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_one_round_trip_to_this_machine(run: HostRunner, shell: str) -> None:
    local = LocalShell(run, shell)
    found = {check.name: check for check in builtin_checks(local, Checks(ports=("tcp/9",)), told())[0]}
    assert local.count == 1
    assert [found[name].outcome for name in ("memory", "disk")] == ["passed", "passed"]
    assert "tcp/9 is closed" in found["ports"].detail
    assert {check.phase for check in found.values()} == {"check"}
