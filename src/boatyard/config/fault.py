"""Faults: what is wrong at a key of a file. They are collected, and the lines looked up once for all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from boatyard.base.error import ConfigError, Problem
from boatyard.base.where import Where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard_installer.locate import Key

_BARE = re.compile(r"[A-Za-z0-9_-]+")
MAX_FAULTS = 200  # of one run; nobody reads more


class Fault(msgspec.Struct, frozen=True):
    """Something wrong. `key` leads to it from the top of the file; `line` is only given where there is no key."""

    file: Path
    key: Key
    what: str
    hint: str = ""
    line: int = 0
    detail: str = ""


def dotted(key: Key) -> str:
    """A key as TOML and people write it: `components."a.b".overlays[2].tag`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text += f".{name}" if text else name
    return printable(text)


def printable(text: str) -> str:
    """A text that moves no cursor and breaks no line, whatever names are in it."""
    return (
        text if text.isprintable() else "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    )


def to_error(faults: Sequence[Fault]) -> ConfigError:
    """One error for all the faults, each with its line."""
    from boatyard_installer.locate import nearest  # only needed when something is wrong

    lines: dict[Path, dict[Key, int]] = {}
    problems: list[Problem] = []
    for fault in dict.fromkeys(faults[:MAX_FAULTS]):
        if fault.key and fault.file not in lines:
            lines[fault.file] = _lines(fault.file)
        line = fault.line or nearest(lines.get(fault.file, {}), fault.key)
        where = Where(fault.file, line, dotted(fault.key))
        problems.append(Problem(printable(fault.what), where, printable(fault.detail), printable(fault.hint)))
    if len(faults) > MAX_FAULTS:
        problems.append(Problem(f"{len(faults) - MAX_FAULTS} more problems are not shown"))
    return ConfigError.of(problems)


def _lines(file: Path) -> dict[Key, int]:
    from boatyard_installer.locate import key_lines

    try:
        return key_lines(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError, RecursionError):  # it changed since it was read: the key must do
        return {}
