"""The built-in checks of a trial (docs/reference/trial-checks.md): what holds on every provisioned VM.

One script asks the guest for everything (`section.ask`); what it found is judged by pure functions, one for each check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.trial_report import TrialCheck
from boatyard.cloud.egress import egress
from boatyard.trial import cloud_init, listening
from boatyard.trial.scenario import BUILT_IN, parse_duration
from boatyard.trial.section import Answers, Section, ask
from boatyard_boot.size import KIB, format_mib, format_size, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.provision import ProvisionRecord
    from boatyard.artifact.trial_report import Contact, Outcome
    from boatyard.trial.scenario import Checks
    from boatyard.vm.ssh import Shell

TIMEOUT_S = 300.0
SYSTEM = "systemctl show -p SystemState -p FinishTimestampMonotonic"
UNITS = """\
systemctl --failed --plain --no-legend --no-pager | head -n 20 | while read -r unit rest; do
    printf 'unit %s\\n' "$unit"
    journalctl -b -u "$unit" -n 12 -o cat --no-pager 2>&1 </dev/null | head -c 2048 | sed 's/^/  /'; echo
done"""
AGENT = """\
if command -v waagent >/dev/null 2>&1 || [ -e /usr/sbin/waagent ]; then
    echo present
    systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -p ConditionResult \\
        -p ConditionTimestampMonotonic walinuxagent.service waagent.service
fi"""
SECTIONS = (
    Section("system", SYSTEM),
    Section("units", UNITS),
    Section("agent", AGENT, 16 << 10),
    Section("cloud-init", cloud_init.STATUS, 256 << 10),
    Section("scripts", cloud_init.SCRIPTS, 64 << 10),
    Section("memory", "cat /proc/meminfo"),
    Section("disk", "df -Pk / && if [ -w / ]; then echo writable; fi"),
    Section("ports", listening.TABLES, 1 << 20),
)
HOLDERS = Section("holders", listening.HOLDERS, 1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the guest is not asked for. `user`: who logs in; `contacts`: where the VM went until now.

    `own`: addresses that Boatyard itself gave the VM to go to, as `10.1.0.1:8080`; they are never too much.
    """

    record: ProvisionRecord
    user: str
    contacts: tuple[Contact, ...] = ()
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    checks: Checks
    told: Told
    answers: Answers

    def fields(self, section: str) -> dict[str, str]:
        """`Name=value` or `Name: value` lines."""
        pairs = (re.split(r"[=:]", line, maxsplit=1) for line in self.answers[section].lines)
        return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def builtin_checks(
    shell: Shell, checks: Checks, told: Told, more: tuple[Section, ...] = ()
) -> tuple[list[TrialCheck], Answers]:
    """All built-in checks, in the order of `scenario.BUILT_IN`, in one round trip, and what the guest answered.

    `more`: sections that are asked for with them. ImageError when the guest is gone, ToolError when it takes too long
    to answer.
    """
    sections = (*SECTIONS, HOLDERS) if checks.ports else SECTIONS
    answers = ask(shell, (*sections, *more), TIMEOUT_S)
    return judge(checks, told, answers), answers


def judge(checks: Checks, told: Told, answers: Answers) -> list[TrialCheck]:
    """What the answers of the guest mean."""
    seen = _Seen(checks, told, answers)
    return [
        _row("skipped", "left out by the scenario", name=name)
        if name in checks.skip
        else structs.replace(_CHECKS[name](seen), name=name)
        for name in BUILT_IN
    ]


def _row(outcome: Outcome, found: str, detail: str = "", hint: str = "", name: str = "") -> TrialCheck:
    return TrialCheck(phase="check", name=name, outcome=outcome, found=found, detail=detail, hint=hint)


def _check_login(seen: _Seen) -> TrialCheck:
    """The user of the VM gets in with the key, and may use sudo without a password, as on the cloud's own images."""
    user = seen.answers.user
    if user != seen.told.user:
        return _row("failed", f"logged in as {user or 'nobody'}", f"expected {seen.told.user}")
    if seen.answers.root:
        return _row("passed", user if user == "root" else f"{user}, root by sudo")
    if "not found" in seen.answers.refusal:
        return _row("passed", f"{user}; the image has no sudo")
    hint = "cloud-init gives the user sudo by system_info.default_user in /etc/cloud/cloud.cfg"
    return _row("failed", f"{user}, but sudo refuses", seen.answers.refusal, hint)


def _check_ready(seen: _Seen) -> TrialCheck:
    """The agents have told the cloud that the VM is ready."""
    record = seen.told.record
    agents = list(dict.fromkeys(report.agent for report in record.reports if report.ready))
    if not agents or record.failed is not None:
        return _row("failed", record.reason or "nobody reported that it is ready", record.detail, record.hint)
    missing = [
        wanted
        for wanted in seen.checks.agents
        if not any(_agent(wanted) in agent.lower() for agent in agents)
    ]  # fmt: skip
    found = f"after {record.ready_s:.0f} s, by {' and '.join(agents)}"
    if missing:
        return _row("failed", found, f"no report of {' and '.join(missing)}")
    return _row("passed", found)


def _agent(name: str) -> str:
    """How an agent calls itself in its reports: `WALinuxAgent/2.12.0.2`, `Cloud-Init/25.1.4`."""
    return "walinuxagent" if name == "waagent" else name


def _check_agent(seen: _Seen) -> TrialCheck:
    """WALinuxAgent has uploaded that its status is Ready."""
    record, answer = seen.told.record, seen.answers["agent"].text.strip()
    demanded = "waagent" in seen.checks.agents
    if not answer.startswith("present"):
        return _row("failed" if demanded else "skipped", "the image has no WALinuxAgent")
    units = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in answer.split("\n\n")]
    unit = next((unit for unit in units if unit.get("LoadState") == "loaded"), {})
    name = f"WALinuxAgent {record.agent_version}".strip()
    if record.agent_status:
        return _row("passed" if record.agent_status == "Ready" else "failed", f"{name}: {record.agent_status}")
    if unit.get("ConditionResult") == "no" and unit.get("ConditionTimestampMonotonic", "0") != "0":
        hint = "its unit asks for ConditionVirtualization=microsoft, or for a file of its own"
        return _row("failed", f"a condition of {unit.get('Id')} does not hold", answer, hint)
    if unit.get("UnitFileState") != "enabled" and unit.get("ActiveState") != "active" and not demanded:
        return _row("skipped", f"installed, not started: its unit is {unit.get('UnitFileState') or 'missing'}")
    if unit.get("ActiveState") == "active" and not demanded:
        return _row("unknown", "runs, and has not uploaded a status yet")
    return _row("failed", f"has uploaded no status; its unit is {unit.get('ActiveState', 'missing')}", answer)


def _check_cloud_init(seen: _Seen) -> TrialCheck:
    """cloud-init has ended without errors; what it calls recoverable is told and does not fail."""
    status = cloud_init.parse_status(seen.answers["cloud-init"].text)
    if status is None:
        demanded = "cloud-init" in seen.checks.agents
        return _row("failed" if demanded else "skipped", "the image has no cloud-init")
    if not status.status:
        return _row("unknown", "its status cannot be read", seen.answers["cloud-init"].text[-2000:])
    count = sum(map(len, status.recoverable.values()))
    found = f"{status.status}, datasource {status.datasource or 'none'}"
    found += _count(len(status.errors), "error") + _count(count, "warning")
    if status.status == "done":
        return _row("passed", found, status.detail)
    if status.status == "disabled":
        return _row("failed" if "cloud-init" in seen.checks.agents else "skipped", "cloud-init is disabled")
    return _row("failed", found, status.detail, "the whole story: /var/log/cloud-init.log")


def _check_units(seen: _Seen) -> TrialCheck:
    """No unit of systemd has failed, but those that may."""
    state = seen.fields("system").get("SystemState", "")
    if not state:
        return _row("unknown", "the guest has no systemd that answers", seen.answers["system"].text[-1000:])
    logs: dict[str, str] = {}
    for part in f"\n{seen.answers['units'].text}".split("\nunit ")[1:]:
        unit, _, log = part.partition("\n")
        logs[unit.strip()] = log.rstrip()
    wrong = [unit for unit in logs if not any(fnmatchcase(unit, one) for one in seen.checks.ignore_units)]
    detail = "\n".join(line for unit in wrong for line in (f"{unit}:", *logs[unit].splitlines()))
    if wrong:
        return _row("failed", f"failed: {', '.join(wrong)}", detail)
    ignored = f", {len(logs)} failed and ignored" if logs else ""
    return _row("passed", f"the system is {state}{ignored}")


def _check_script(seen: _Seen) -> TrialCheck:
    """The owner's scripts (runcmd, customData) ended with 0. They run after the VM is ready."""
    scripts = cloud_init.parse_scripts(seen.answers["scripts"].text)
    if not scripts.codes:
        return _row("skipped", "no script of the VM's owner")
    found = ", ".join(
        f"{name}: {'failed' if code is None else f'exit code {code}'}" for name, code in scripts.codes.items()
    )
    missing = f"not found meanwhile: {', '.join(scripts.not_found)}" if scripts.not_found else ""
    output = "\n".join(scripts.own_output.splitlines()[-30:])
    if scripts.failed:
        hint = missing or "the whole output: /var/log/cloud-init-output.log"
        return _row("failed", found, output, hint)
    # A shell goes on after a command that it does not find, so the exit code alone does not tell.
    return _row("passed", found, output if missing else "", missing)


def _check_boot_time(seen: _Seen) -> TrialCheck:
    """The time from the kernel's start until systemd had started everything."""
    text, limit = seen.fields("system").get("FinishTimestampMonotonic", ""), seen.checks.boot_time
    if not text.isdigit() or text == "0":
        return _row("failed" if limit else "unknown", "the system has not finished starting")
    seconds = int(text) / 1e6
    allowed = not limit or seconds <= parse_duration(limit)
    return _row("passed" if allowed else "failed", _of(f"{seconds:.1f} s", limit))


def _check_memory(seen: _Seen) -> TrialCheck:
    """The memory in use, as `free` counts it."""
    fields, limit = seen.fields("memory"), seen.checks.memory
    words = [fields.get(name, "").split() for name in ("MemTotal", "MemAvailable")]
    if not all(word and word[0].isdigit() for word in words):
        return _row("unknown", "the guest does not tell its memory", seen.answers["memory"].text[:500])
    total, available = (int(word[0]) * KIB for word in words)
    used = total - available
    allowed = not limit or used <= parse_size(limit)
    return _row("passed" if allowed else "failed", _of(f"{format_mib(used)} of {format_mib(total)}", limit))


def _check_disk(seen: _Seen) -> TrialCheck:
    """The space in use on the root file system, and that some is left where anything can be written."""
    limit, lines = seen.checks.disk, list(seen.answers["disk"].lines)
    writable = lines[-1:] == ["writable"]
    words = lines[-2 if writable else -1].split() if len(lines) > 1 else []
    if len(words) < 6 or not all(word.isdigit() for word in words[1:4]):
        return _row("unknown", "df in the guest gives no figures", seen.answers["disk"].text[:500])
    total, used, left = (int(word) * KIB for word in words[1:4])
    found = _of(f"{format_size(used)} of {format_size(total)} on /", limit)
    if writable and not left:
        return _row(
            "failed", f"{found}; nothing is left", hint="what writes there fails: delete something, or order more"
        )
    return _row("failed" if limit and used > parse_size(limit) else "passed", found)


def _check_ports(seen: _Seen) -> TrialCheck:
    """Exactly the listed ports are open to others."""
    wanted = seen.checks.ports
    listeners, clients = listening.parse_tables(seen.answers["ports"].text)
    found = listening.open_ports(listeners, clients, wanted)
    listed = ", ".join(found) or "none"
    if not wanted:
        return _row("skipped", f"open: {listed}; checks.ports lists none to compare with")
    names = listening.holders(seen.answers["holders"].text)
    extra = [f"{port} is open{f' ({names[inode]})' if inode in names else ''}"
             for port, inode in found.items() if port not in wanted]  # fmt: skip
    closed = [f"{port} is closed" for port in wanted if port not in found]
    if extra or closed:
        return _row("failed", f"open: {listed}", "\n".join(extra + closed), "checks.ports lists all that may be open")
    return _row("passed", f"open: {listed}")


def _check_egress(seen: _Seen) -> TrialCheck:
    """The VM went to no other place than the listed ones; an attempt that was stopped counts as well."""
    contacts = {(contact.place, contact.name): contact for contact in seen.told.contacts}
    if not seen.checks.egress:
        return _row("skipped", f"{len(contacts)} places contacted; checks.egress lists none to compare with")
    allowed = egress("list", (*seen.checks.egress, *seen.told.own))
    wrong: list[str] = []
    for contact in contacts.values():
        target = re.fullmatch(r"(?:\w+ )?([0-9.]+)(?::(\d+))?", contact.place)
        names = (contact.name.lower().rstrip("."),) if contact.name else ()
        if target is None or not allowed.passes(IPv4Address(target[1]), int(target[2] or 0), names):
            words = (contact.place, f"({contact.name})" * bool(contact.name), "stopped" * (not contact.passed))
            wrong.append(" ".join(filter(None, words)))
    found = f"{len(contacts)} places contacted"
    if wrong:
        hint = "checks.egress lists all places that may be contacted"
        return _row("failed", f"{found}, {len(wrong)} of them not listed", "\n".join(wrong[:40]), hint)
    return _row("passed", found)


def _count(count: int, what: str) -> str:
    return f", {count} {what}{'s' * (count > 1)}" if count else ""


def _of(found: str, limit: str) -> str:
    return f"{found}, limit {limit}" if limit else found


_CHECKS: dict[str, Callable[[_Seen], TrialCheck]] = {
    "ready": _check_ready,
    "agent": _check_agent,
    "cloud-init": _check_cloud_init,
    "units": _check_units,
    "script": _check_script,
    "login": _check_login,
    "boot-time": _check_boot_time,
    "memory": _check_memory,
    "disk": _check_disk,
    "ports": _check_ports,
    "egress": _check_egress,
}
