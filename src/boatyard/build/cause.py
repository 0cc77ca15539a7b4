"""Why a build failed, found in the last lines of its log by a table of what tools print (data/cause.toml).

Of the log, the lines of the section that failed are looked at, in the order of the table.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parents[1] / "data" / "cause.toml"
BEFORE, AFTER, LAST = 2, 6, 20  # lines of evidence
KILLED = (137, -9)


@dataclass(frozen=True, slots=True)
class Cause:
    """`what`: one line, empty when nothing is known; `evidence`: lines of the log; `hint`: how to mend it, if known."""

    what: str
    evidence: str
    hint: str = ""


class _Case(NamedTuple):
    pattern: re.Pattern[str]
    what: str
    hint: str
    section: str


@functools.cache
def _cases() -> tuple[_Case, ...]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]
    return tuple(
        _Case(re.compile(row["pattern"]), row["what"], row.get("hint", ""), row.get("section", "")) for row in table
    )


_SECTION = re.compile(r"Bad exit status from \S+ \((%\w+)\)")
_BEGIN = re.compile(r"^Executing\((%\w+)\):")
_PATCH = re.compile(r"([^\s/'\"(]+\.(?:patch|diff))\b")


def find_cause(tail: str, code: int) -> Cause:
    """The cause of a failed build; `code`: the exit code of rpmbuild."""
    lines = tail.splitlines()
    section = next((match[1] for line in reversed(lines) if (match := _SECTION.search(line))), "")
    begin = max((at for at, line in enumerate(lines) if (m := _BEGIN.match(line)) and m[1] == section), default=0)
    if code in KILLED:
        return Cause(
            "it was killed", _evidence(lines, len(lines) - 1), "was it the machine's memory? see the kernel's log"
        )
    for case in _cases():
        if case.section and case.section != section:
            continue
        for at in range(begin, len(lines)):
            match = case.pattern.search(lines[at])
            if match is None or lines[at].startswith("+ "):  # what the shell is about to run, not what came of it
                continue
            words = [word for word in match.groups() if word] or [""]
            what = case.what.replace("{0}", words[0])
            if case.section == "%prep":
                what += _patch_above(lines, at)
            where = f" (in {section})" if section else ""
            return Cause(
                f"{what}{where}",
                _evidence(lines, at),
                case.hint.replace("{0}", words[0]).replace("{name}", words[0].rpartition("/")[2]),
            )
    what = f"{section} failed with no reason that is known" if section else ""
    return Cause(what, "\n".join(lines[-LAST:]))


def _evidence(lines: list[str], at: int) -> str:
    return "\n".join(lines[max(0, at - BEFORE) : at + AFTER])


def _patch_above(lines: list[str], at: int) -> str:
    """The name of the patch that was applied last."""
    for line in reversed(lines[: at + 1]):
        if found := _PATCH.search(line):
            return f": {found[1]}"
    return ""
