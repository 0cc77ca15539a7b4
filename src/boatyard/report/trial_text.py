"""The end of a trial on the screen: phases, checks, what was contacted, and the verdict in the last line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import TITLES
from boatyard.report.visible import visible_block, visible_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard.artifact.trial_report import PhaseRow, SeenCommand, TrialCheck, TrialReport

MARKS = {"passed": "✓", "failed": "✗", "skipped": "–", "unknown": "?"}
FIRST_LINES, LAST_LINES = 5, 14  # of a long detail: logs tell the cause at their end, lists at their beginning
MAX_PASSED, MAX_OTHERS = 30, 100
MAX_CONSOLE_LINES = 15
MAX_PLACES = 10
# Without these phases there is no login, and the console is all that tells what happened.
BEFORE_LOGIN = ("boot", "provision")


def to_text(report: TrialReport) -> str:
    """The report as text, without colours or anything else that a guest could put on a terminal."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: TrialReport) -> Iterator[str]:
    image = report.image
    machine = ", ".join((report.generation, report.accelerator, *_snapshot(report)))
    yield visible_line(
        f"{report.scenario}: {image.name or image.path} ({image.format}) as {report.machine} ({machine})"
    )
    yield ""
    for phase in report.phases:
        yield from _phase(phase)
    for name in TITLES:
        yield from _checks([check for check in report.checks if check.phase == name])
    yield ""
    yield from _contacts(report)
    yield from _commands(report.commands)
    if report.failed_phase in BEFORE_LOGIN and report.console:
        yield "console      its last lines:"
        yield from _indented(visible_block(report.console).splitlines()[-MAX_CONSOLE_LINES:])
    if report.not_emulated:
        yield f"cloud        {len(report.not_emulated)} differences from Azure, listed in the report"
    ready = f", Ready {report.ready_s:.0f} s after power-on" if report.ready_s else ""
    yield f"time         {report.seconds:.0f} s{ready}"
    yield f"verdict      {verdict(report)}"


def verdict(report: TrialReport) -> str:
    """`passed`, or `FAILED`, in which phase and why."""
    if report.failed_phase is None:
        return "passed" if report.passed else visible_line(f"FAILED: {report.reason}")
    return visible_line(f"FAILED at {TITLES[report.failed_phase]}: {report.reason}".removesuffix(": "))


def _snapshot(report: TrialReport) -> tuple[str, ...]:
    return () if report.snapshot == "none" else (f"snapshot {report.snapshot}",)


def _phase(phase: PhaseRow) -> Iterator[str]:
    seconds = "" if phase.outcome == "skipped" else f"{phase.seconds:.1f} s"
    origin = "from a snapshot" if phase.from_snapshot else ""
    told = "; ".join(filter(None, (origin, phase.reason)))
    yield visible_line(f"{MARKS[phase.outcome]} {TITLES[phase.name]:14}{seconds:>9}  {told}").rstrip()


def _checks(checks: list[TrialCheck]) -> Iterator[str]:
    if not checks:
        return
    passed = [check for check in checks if check.outcome == "passed"]
    others = [check for check in checks if check.outcome != "passed"]
    yield ""
    yield f"{TITLES[checks[0].phase]}: {len(passed)} of {len(checks)} passed"
    left_out = {id(check) for check in (*passed[MAX_PASSED:], *others[MAX_OTHERS:])}
    for check in checks:
        if id(check) not in left_out:
            yield from _check(check)
    for mark, count, what in (("✓", len(passed) - MAX_PASSED, "passed"), ("…", len(others) - MAX_OTHERS, "did not")):
        if count > 0:
            yield f"    {mark} {count} more that {what}"


def _check(check: TrialCheck) -> Iterator[str]:
    name = check.name + (" after reboot" if check.after_reboot else "")
    yield visible_line(f"    {MARKS[check.outcome]} {name}: {check.found}")
    if check.outcome == "failed":
        yield from _indented(_ends(visible_block(check.detail).splitlines()))
    if check.outcome in ("failed", "unknown"):
        if check.place:
            yield visible_line(f"        at {check.place}")
        if check.hint:
            yield visible_line(f"        hint: {check.hint}")


def _contacts(report: TrialReport) -> Iterator[str]:
    if not report.contacts:
        yield "contacted    nothing outside the cloud"
        return
    stopped = sum(not contact.passed for contact in report.contacts)
    yield f"contacted    {_number(len(report.contacts), 'place')}, {stopped} of them stopped"
    # Those that were stopped first: they may be why it failed.
    for contact in sorted(report.contacts, key=lambda one: one.passed)[:MAX_PLACES]:
        name = f" ({contact.name})" if contact.name else ""
        yield visible_line(f"    {'✓' if contact.passed else '✗'} {contact.place}{name}")
    if len(report.contacts) > MAX_PLACES:
        yield f"    … {len(report.contacts) - MAX_PLACES} more"


def _commands(commands: tuple[SeenCommand, ...]) -> Iterator[str]:
    missing = [one.name for one in commands if one.seen]
    if missing:
        yield visible_line(f"not found    {', '.join(missing)}")
    unforeseen = [one.name for one in commands if one.seen and one.expected != "missing"]
    if unforeseen:
        yield visible_line(f"             not foreseen by the static check: {', '.join(unforeseen)}")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _ends(lines: list[str]) -> list[str]:
    if len(lines) <= FIRST_LINES + LAST_LINES + 1:
        return lines
    return [*lines[:FIRST_LINES], f"… {len(lines) - FIRST_LINES - LAST_LINES} lines", *lines[-LAST_LINES:]]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"        {line}" for line in lines)
