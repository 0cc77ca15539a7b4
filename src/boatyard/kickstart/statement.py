"""What a kickstart file says, as values: commands, scripts and lists of packages, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.base.where import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A command. `options`: those that are given, without dashes; `values`: what pykickstart makes of the line."""

    where: Where
    command: str
    options: tuple[str, ...]
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section, `%post` to `%end`. `options`: as for a command; `lines`: those between, each with its place."""

    where: Where
    name: str
    options: tuple[str, ...]
    interpreter: str
    lines: tuple[tuple[Where, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What becomes of a line of the kickstart, when that is not what it says.

    `lost`: it has no counterpart in the answers and was left out; otherwise it was converted, and works another way.
    """

    where: Where
    what: str
    hint: str = ""
    lost: bool = True

    def __str__(self) -> str:
        text = f"{'not converted' if self.lost else 'note'}: {self.what}\n  --> {self.where}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kickstart:
    """All of a kickstart file and the files it includes. `notes`: lines that could not be read."""

    statements: tuple[Statement, ...]
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]
