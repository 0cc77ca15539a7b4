"""Answers in the making: what the commands of a kickstart add up to, and what is said about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from boatyard.kickstart.statement import Note
from boatyard_installer.answers import (
    Disk,
    Encryption,
    Finish,
    LayoutChoice,
    Link,
    Root,
    Script,
    System,
    User,
)

if TYPE_CHECKING:
    from boatyard.base.where import Where
    from boatyard.kickstart.statement import Statement

Table = TypeVar("Table", Disk, Finish, Root, System, User)


@dataclass(slots=True, kw_only=True)
class Draft:
    """Grows command by command. Every table in it is valid at any time."""

    disk: Disk = field(default_factory=Disk)
    layout: LayoutChoice = field(default_factory=LayoutChoice)
    encryption: Encryption | None = None
    system: System = field(default_factory=System)
    links: list[Link] = field(default_factory=list)
    root: Root = field(default_factory=Root)
    users: dict[str, User] = field(default_factory=dict)
    packages: dict[str, None] = field(default_factory=dict)  # in order, each once
    enable: list[str] = field(default_factory=list)
    disable: list[str] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    finish: Finish = field(default_factory=Finish)
    disk_names: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)

    def lose(self, where: Where, what: str, hint: str = "") -> None:
        """Says that something is not converted."""
        self.notes.append(Note(where=where, what=what, hint=hint))

    def remark(self, where: Where, what: str, hint: str = "") -> None:
        """Says that something is converted and works another way."""
        self.notes.append(Note(where=where, what=what, hint=hint, lost=False))

    def change(self, table: Table, statement: Statement, **values: Any) -> Table:
        """The table with other values; as it was, with a note, when they are not proper."""
        try:
            return replace(table, **values)
        except ValueError as error:
            self.lose(statement.where, f"{statement.command}: {error}")
            return table

    def lose_options(self, statement: Statement, known: frozenset[str]) -> None:
        """Says which options of a command are not converted."""
        for option in dict.fromkeys(statement.options):
            if option not in known:
                self.lose(statement.where, f"{statement.command} --{option}: the answers have nothing like it")
