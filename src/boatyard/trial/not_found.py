"""The commands that a guest did not find, from what its shells and wrappers say of them in logs.

The forms are those of bash, dash, BusyBox, zsh, coreutils, findutils, util-linux, sudo, systemd and cloud-init, in the
language of the C locale. Where a message would be the same for a missing file, it counts only for commands that are
known to be run by that path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

MOST_NAMES = 1000
LONGEST_LINE = 2000
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAME = r"(?P<name>[^\s:'‘’\"](?:[^:'‘’\"\x00-\x1f]{0,253}[^\s:'‘’\"])?)"
QUOTED = rf"['‘]{NAME}['’]"
NO_FILE = "No such file or directory"
CERTAIN = tuple(
    re.compile(pattern)
    for pattern in (
        rf": {NAME}: command not found(?:\.\.\.)?$",
        rf": command not found: {NAME}$",
        rf"\b(?:line )?[0-9]+: (?:\w+: )?{NAME}: not found$",
        rf"(?:^|[/ ])(?:ba|da|a)?sh: {NAME}: not found$",
        rf"\benv: {QUOTED}: {NO_FILE}$",
        rf"\b(?:nice|ionice|xargs): ['‘]?{NAME}['’]?: {NO_FILE}$",
        rf": failed to run command {QUOTED}: {NO_FILE}$",
        rf": failed to execute {NAME}: {NO_FILE}$",
        rf": can't execute {QUOTED}: {NO_FILE}$",
        rf": (?P<name>/[^\s:]+): bad interpreter: {NO_FILE}$",
        rf"\b(?:Failed to find|Failed to locate|Unable to locate) executable ['‘]?{NAME}['’]?(?:: {NO_FILE}|$)",
        rf"^Reason: \[Errno 2\] {NO_FILE}: b?{QUOTED}",
        rf"\bCommand {QUOTED} not found, but can be installed",
    )
)
# What a shell says of a command by its path, and of a file that a redirection names.
BY_PATH = re.compile(rf": (?P<name>/[^\s:]+): (?:{NO_FILE}|cannot execute: required file not found)$")


def commands_not_found(lines: Iterable[str], paths: Container[str] = ()) -> tuple[str, ...]:
    """The names, as the guest tells them, each once, in the order of the lines; at most MOST_NAMES.

    `paths`: commands that a deployment runs by their path.
    """
    found: dict[str, None] = {}
    for line in lines:
        name = command_not_found(line, paths)
        if name:
            found[name] = None
        if len(found) == MOST_NAMES:
            break
    return tuple(found)


def command_not_found(line: str, paths: Container[str] = ()) -> str:
    """The command that a line says is not there; empty when it says no such thing."""
    text = ESCAPE.sub("", line[:LONGEST_LINE]).rstrip()
    if "found" not in text and "executable" not in text and NO_FILE not in text:
        return ""
    for pattern in CERTAIN:
        if match := pattern.search(text):
            return match["name"]
    match = BY_PATH.search(text)
    return match["name"] if match and match["name"] in paths else ""
