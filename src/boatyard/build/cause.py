"""Why a build failed, in one line, found in the last lines of its log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """`what`: one line, empty when nothing is known; `evidence`: lines of the log; `hint`: how to mend it, if known."""

    what: str
    evidence: str
    hint: str = ""


def find_cause(tail: str, code: int) -> Cause:
    """The cause of a failed build; `code`: the exit code of rpmbuild."""
    if code in (128 + 9, -9):
        return Cause("it was killed", "\n".join(tail.splitlines()[-20:]))
    lines = tail.splitlines()
    told = [line for line in lines if line.lstrip().startswith(("error:", "Bad exit status", "File not found"))]
    return Cause(told[0].strip().removeprefix("error: ") if told else "", "\n".join(lines[-20:]))
