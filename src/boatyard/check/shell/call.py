"""A command about to run: its fields and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from boatyard.check.step import Kind, Need, Use

if TYPE_CHECKING:
    from boatyard.check.shell.syntax import Redirect
    from boatyard.check.step import Place


@dataclass(frozen=True, slots=True)
class Input:
    """What a command reads: `text` that is known, from line `line`.

    `kind` is text, program (another command writes it), yes (its questions are answered), file or none.
    """

    kind: str = "none"
    text: str = ""
    line: int = 0


NO_INPUT = Input()


@dataclass(frozen=True, slots=True)
class Call:
    """`fields`: the name and the arguments. `text`: the statement on one line. `places`: where arguments are written.

    `tolerated`: why failing does no harm; `quiet`: its messages are thrown away.
    """

    fields: tuple[str, ...]
    place: Place
    text: str
    input: Input = NO_INPUT
    tolerated: str = ""
    quiet: bool = False
    redirects: tuple[Redirect, ...] = ()
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.fields[0] if self.fields else ""

    @property
    def args(self) -> tuple[str, ...]:
        return self.fields[1:]

    def inner(self, fields: tuple[str, ...]) -> Call:
        """The same with other fields: what a wrapper runs."""
        return replace(
            self, fields=fields, redirects=(), place=self.places.get(fields[0], self.place) if fields else self.place
        )

    def need(self, kind: Kind, name: str) -> Need:
        """A need of this command, at the argument of that name when there is one."""
        return Need(kind, name, self.places.get(name, self.place), self.text)

    def use(self, kind: Kind, name: str, packages: tuple[str, ...] = ()) -> Use:
        """The use of something."""
        return Use(self.need(kind, name), self.tolerated, packages)
