"""What cloud-init left behind: its status, and how the scripts of the VM's owner ended.

Read from its files where they say it: starting cloud-init, a Python program, takes seconds on an emulated machine.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from boatyard.trial.not_found import commands_not_found

# `cloud-init status --format json` is made of status.json when cloud-init has ended (cloudinit/cmd/status.py); only
# when there is no result does it also look at its units.
STATUS = """\
command -v cloud-init >/dev/null 2>&1 || { echo absent; exit 0; }
echo present
if [ -e /run/cloud-init/result.json ]; then cat /run/cloud-init/status.json; else cloud-init status --format json; fi"""
# The scripts that there are; those that the log calls failed, with their exit codes (its level is DEBUG by default, and
# ProcessExecutionError takes several lines); the result with the modules' errors; the end of what the scripts printed.
SCRIPTS = """\
for f in /var/lib/cloud/instance/scripts/*; do [ -f "$f" ] && printf 'script %s\\n' "${f##*/}"; done
sed -n -e '/^Command: /p' -e '/^Exit code: /p' /var/log/cloud-init.log 2>/dev/null | tail -n 200
printf 'result '; tr -d '\\n' </var/lib/cloud/data/result.json 2>/dev/null; echo
echo output; tail -c 16384 /var/log/cloud-init-output.log 2>/dev/null"""
ENDED = ("done", "error", "disabled")
_COMMAND = re.compile(r"^Command: \['/var/lib/cloud/[^']*scripts/(?:[^'/]*/)*([^'/]+)'\]$")
_FINAL = re.compile(
    r"^Cloud-init v\. \S+ running 'modules:final'.*\n((?s:.*?))(?:^Cloud-init v\. \S+ finished|\Z)", re.M
)
_RUNPARTS = re.compile(r"Runparts: \d+ failures \(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Status:
    """`status`: done, error, running, not started, disabled, or empty when nothing could be read.

    `recoverable`: by level (WARNING, DEPRECATED, …).
    """

    status: str
    errors: tuple[str, ...] = ()
    recoverable: dict[str, tuple[str, ...]] = field(default_factory=dict)
    datasource: str = ""

    @property
    def detail(self) -> str:
        """The errors and warnings, one on a line."""
        told = [*self.errors, *(f"{level}: {text}" for level, texts in self.recoverable.items() for text in texts)]
        return "\n".join(one.replace("\n", " ")[:1000] for one in told[:40])


@dataclass(frozen=True, slots=True)
class Scripts:
    """How the owner's scripts ended: exit codes by name, None for a failure whose code is not in the log.

    `output`: the end of what they printed. `not_found`: the commands that a shell among them did not find.
    """

    codes: dict[str, int | None]
    output: str = ""

    @property
    def not_found(self) -> tuple[str, ...]:
        return commands_not_found(self.output.splitlines())

    @property
    def own_output(self) -> str:
        """Of the output what was printed between the start of the last stage and the end, that is, by the scripts."""
        parts = _FINAL.findall(self.output)
        return "\n".join(part.strip() for part in parts if part.strip()) or self.output.strip()

    @property
    def failed(self) -> dict[str, int | None]:
        return {name: code for name, code in self.codes.items() if code != 0}


def parse_status(text: str) -> Status | None:
    """The status that `STATUS` printed; None without cloud-init in the image."""
    first, _, rest = text.partition("\n")
    if first.strip() == "absent":
        return None
    try:
        table: Any = json.loads(rest[rest.index("{") :])
        stages = table.get("v1")
        if stages is None:
            return Status(
                str(table["status"]),
                _words(table.get("errors")),
                _levels(table.get("recoverable_errors")),
                str(table.get("datasource") or ""),
            )
        return _of_stages(stages)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Status("")


def parse_scripts(text: str) -> Scripts:
    """What `SCRIPTS` printed."""
    head, _, output = text.partition("\noutput\n")
    if head.startswith("output\n"):
        head, output = "", head.removeprefix("output\n")
    codes: dict[str, int | None] = {}
    failed: dict[str, int | None] = {}
    errors: tuple[str, ...] = ()
    script = ""
    for line in head.splitlines():
        if line.startswith("script "):
            codes[line.removeprefix("script ")] = 0
        elif command := _COMMAND.match(line):
            script = command[1]
        elif line.startswith("Command: "):
            script = ""
        elif script and (code := re.fullmatch(r"Exit code: (-?\d+)", line)):
            failed[script] = int(code[1])
        elif line.startswith("result "):
            errors = _result_errors(line.removeprefix("result "))
    named = {name: None for error in errors for one in _RUNPARTS.findall(error) for name in one.split(",")}
    # The log is also of earlier instances; what is in no result now counts only when the script is still there.
    return Scripts(codes | named | {name: code for name, code in failed.items() if name in codes | named}, output)


def _of_stages(stages: dict[str, Any]) -> Status:
    """The sum of status.json's stages, as cloud-init makes it."""
    errors: list[str] = []
    recoverable: dict[str, tuple[str, ...]] = {}
    for _, stage in sorted(stages.items()):
        if isinstance(stage, dict):
            errors += _words(stage.get("errors"))
            for level, texts in _levels(stage.get("recoverable_errors")).items():
                recoverable[level] = recoverable.get(level, ()) + texts
    source = str(stages.get("datasource") or "").partition(" ")[0].lower().replace("datasource", "")
    return Status("error" if errors else "done", tuple(errors), recoverable, source)


def _levels(value: Any) -> dict[str, tuple[str, ...]]:
    return {str(level): _words(texts) for level, texts in (value or {}).items()}


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value or ()))


def _result_errors(text: str) -> tuple[str, ...]:
    try:
        return _words(json.loads(text)["v1"]["errors"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
