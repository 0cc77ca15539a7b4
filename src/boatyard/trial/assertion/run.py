"""Looks at everything that a file of checks says, in one round trip, and compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boatyard.artifact.trial_report import TrialCheck
from boatyard.base.regex import RegexError
from boatyard.trial.assertion import probe_command, probe_system
from boatyard.trial.assertion.matcher import UncertainError, describe, matches, unmet
from boatyard.trial.assertion.model import KINDS
from boatyard.trial.assertion.probe import UnknownError
from boatyard.trial.section import Answer, Answers, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard.artifact.trial_report import Outcome
    from boatyard.trial.assertion.model import Assertion, Assertions, Expectation
    from boatyard.trial.assertion.probe import Facts
    from boatyard.trial.section import Section
    from boatyard.vm.ssh import Shell

PROBES = {**probe_system.PROBES, **probe_command.PROBES}
# Besides the time limits of the checks themselves, each of which counts twice: for a command, and for its output.
TIMEOUT_S = 300.0
SHOWN_LINES, SHOWN_TEXT = 10, 200
# What `first` of a kind means when it is false.
ABSENT = {
    "exists": "does not exist",
    "installed": "not installed",
    "listening": "not listening",
    "running": "not running",
    "resolvable": "does not resolve",
    "reachable": "not reachable",
}


def run_assertions(shell: Shell, assertions: Assertions) -> list[TrialCheck]:
    """A check for every attribute, in the order of the file; `place` is where it is written.

    ImageError when the guest is gone, ToolError when it takes longer than the limits of all checks together.
    """
    asked = [one for one in assertions.items if not one.skip and not one.unsupported]
    sections = list({section.name: section for section in _sections(asked)}.values())
    waited_s = sum(one.timeout_s for one in asked if "timeout" in KINDS[one.kind].options)
    answers = ask(shell, sections, TIMEOUT_S + 2 * waited_s) if sections else Answers("", True, {})
    return [check for one in assertions.items for check in judge(one, answers)]


def judge(one: Assertion, answers: Answers) -> Iterator[TrialCheck]:
    """What the answers of the guest mean for one resource."""
    if one.skip:
        yield _row(one, "skipped", "the file says so")
        return
    if one.unsupported:
        yield _row(one, "unknown", f"not looked at: {one.unsupported}")
        return
    try:
        facts = PROBES[one.kind].facts(one, answers)
    except (UnknownError, ValueError) as error:
        yield _row(one, "unknown", f"cannot be looked at: {' '.join(str(error).split())}")
        return
    first = KINDS[one.kind].first
    # Whether it is there comes first; without it there is nothing to compare.
    gone = bool(first) and facts.get(first) is False
    told = any(expectation.attribute == first for expectation in one.expected)
    for expectation in one.expected:
        if gone and told and expectation.attribute != first:
            yield _row(one, "skipped", ABSENT[first], expectation)
        else:
            yield _compared(one, expectation, facts, ABSENT[first] if gone else "")


def _sections(asked: Iterable[Assertion]) -> Iterator[Section]:
    kinds: dict[str, list[Assertion]] = {}
    for one in asked:
        kinds.setdefault(one.kind, []).append(one)
    for kind, items in kinds.items():
        yield from PROBES[kind].sections(items)


def _compared(one: Assertion, expectation: Expectation, facts: Facts, lack: str) -> TrialCheck:
    if expectation.attribute not in facts:
        wanted = f"expected {describe(expectation.matcher)}"
        return _row(one, "failed", lack or facts.get("lack", "there is none"), expectation, wanted)
    found = facts[expectation.attribute]
    try:
        if matches(expectation.matcher, found):
            return _row(one, "passed", _brief(found), expectation)
    except (UncertainError, RegexError) as error:
        return _row(one, "unknown", f"{error}", expectation)
    detail = f"expected {describe(unmet(expectation.matcher, found))}"
    if one.kind == "command" and isinstance(found, Answer):  # not of files: they may hold secrets
        detail += "".join(f"\n  {line[:SHOWN_TEXT]}" for line in found.lines[-SHOWN_LINES:])
    if one.kind == "command" and expectation.attribute == "exit-status":
        detail += "".join(f"\n  {line[:SHOWN_TEXT]}" for line in facts["stderr"].lines[-SHOWN_LINES:])
        if found in probe_command.TIMED_OUT:
            detail += f"\nits time limit was {one.timeout_s:g} s"
    return _row(one, "failed", _brief(found), expectation, detail)


def _row(
    one: Assertion, outcome: Outcome, found: str, expectation: Expectation | None = None, detail: str = ""
) -> TrialCheck:
    attribute = f": {expectation.attribute}" if expectation is not None else ""
    return TrialCheck(
        phase="check",
        name=f"{one.kind} {_brief(one.name)}{attribute}",
        outcome=outcome,
        found=found,
        detail=detail,
        place=f"{one.file}:{expectation.line if expectation is not None else one.line}",
    )


def _brief(found: Any) -> str:
    """A value in a line."""
    if isinstance(found, Answer):
        return f"{len(found.lines)} lines" if len(found.lines) != 1 else "1 line"
    if isinstance(found, bool):
        return "true" if found else "false"
    text = ", ".join(map(str, found)) if isinstance(found, list) else str(found)
    return (" ".join(text.split()) or "empty")[:SHOWN_TEXT]
