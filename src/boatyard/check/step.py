"""What a deployment does, as values: the common language that scripts, cloud-config, playbooks and Dockerfiles become.

Steps are in the order in which they run. They know nothing of any image: conditions that only an image can decide
(`command -v jq`, `[ -f /etc/debian_version ]`) stay in the steps as tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

# Stands for what is not known before the script runs, inside of an otherwise known text.
UNKNOWN = "\0"
LONGEST_TEXT = 200
# The package manager of whatever the system is.
ANY_MANAGER = "any"
# Why a use of something that is missing does no harm: it is not run at all.
PROBED = "it is only asked whether it is there"
SKIPPED = "cloud-init skips it elsewhere"
# What is shown of a statement goes into logs.
SECRET = re.compile(
    r"((?:password|passwd|passphrase|secret|token|api[-_]?key|accesskey|accountkey|sharedkey|bearer|pwd|sig)"
    r"[\"']?[=: ]+)(?![=: ])(?:\"[^\"]*\"|'[^']*'|[^\s;&|]+)",
    re.IGNORECASE,
)
LOGIN = re.compile(r"://[^/\s@]+@")


class Kind(StrEnum):
    """What a need is a need for. A service is a systemd unit."""

    COMMAND = "command"
    FILE = "file"
    SERVICE = "service"
    PACKAGE = "package"
    MODULE = "python module"
    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written: lines and columns count from 1, columns in characters of the line's text."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Need:
    """One use of one thing. `text`: the statement it stands in, on one line, which findings are recognized by again."""

    kind: Kind
    name: str
    place: Place
    text: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Needs something. `tolerated`: why it does no harm when it is missing. `packages`: what a package manager is
    told to install by this very command."""

    need: Need
    tolerated: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Install:
    """Installs packages with a package manager (`dnf`, `rpm`, `apt`, `pip`, …), as they are named for it.

    `confirmed`: it will not ask. `terminal`: somebody may be there to answer. `places`: where each package is written.
    """

    manager: str
    packages: tuple[str, ...]
    place: Place
    text: str = ""
    confirmed: bool = True
    terminal: bool = True
    places: tuple[Place, ...] = ()

    @property
    def needs(self) -> tuple[Need, ...]:
        """The packages as needs, each where it is written."""
        places = self.places or (self.place,) * len(self.packages)
        return tuple(
            Need(Kind.PACKAGE, name, place, self.text) for name, place in zip(self.packages, places, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Remove:
    """Removes packages."""

    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Make:
    """Makes something exist: a command (or function), a file, a unit, a user."""

    kind: Kind
    name: str
    place: Place
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Cloud:
    """From here on something unknown may exist. `what`: `anything`; `names` (commands that only this process knows);
    `repository` (packages of unknown repositories may be installed); `installable` (any package of the known
    repositories may be installed); `module`, `user`."""

    what: Literal["anything", "names", "repository", "installable", "module", "user"]
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a command can be found."""

    need: Need


@dataclass(frozen=True, slots=True)
class HasFile:
    """Whether a file exists."""

    path: str


@dataclass(frozen=True, slots=True)
class HasUnit:
    """Whether a unit of systemd exists; one that does may still be off."""

    name: str


@dataclass(frozen=True, slots=True)
class HasPackage:
    """Whether a package is installed."""

    name: str


@dataclass(frozen=True, slots=True)
class Os:
    """Whether a field of /etc/os-release matches one of some glob patterns; field `text`: the file contains one."""

    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is known without an image; None when nobody knows."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class All:
    """Every test holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one test holds."""

    tests: tuple[Test, ...]


Test = Exists | HasFile | HasUnit | HasPackage | Os | Fixed | Not | All | Some
UNDECIDED = Fixed(None)


@dataclass(frozen=True, slots=True)
class Choice:
    """Goes one way or the other."""

    test: Test
    then: Steps = ()
    otherwise: Steps = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Steps that are left together: by `return` of a function, by `exit` of a process."""

    kind: Literal["function", "process"]
    body: Steps


@dataclass(frozen=True, slots=True)
class Later:
    """Steps that run when all others have: traps, handlers, what a container starts with."""

    body: Steps


@dataclass(frozen=True, slots=True)
class Leave:
    """Ends the innermost scope of a kind. `failed`: with an error."""

    of: Literal["function", "process"]
    failed: bool


@dataclass(frozen=True, slots=True)
class Tell:
    """A fault that can be seen without an image."""

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    place: Place
    fix: str = ""
    name: str = ""
    text: str = ""


Step = Use | Install | Remove | Make | Cloud | Choice | Scope | Later | Leave | Tell
Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file to check: its name as given, its text, and what it is (`shell`, `cloud-config`, …; see `kind`).

    `part`: it is a part of a message that says of which type it is; empty lines stand for what is before it.
    """

    file: str
    text: str
    type: str
    part: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """All files of a run by name: a script among them that another one calls is followed."""

    files: dict[str, Source] = field(default_factory=dict)

    def find(self, path: str, beside: str) -> Source | None:
        """The file that is meant by a path written in the file `beside`; by its last part when that is unambiguous."""
        import posixpath

        exact = self.files.get(posixpath.normpath(posixpath.join(posixpath.dirname(beside), path)))
        if exact is not None or UNKNOWN in path.rsplit("/", 1)[-1]:
            return exact
        name = posixpath.basename(path)
        named = [source for file, source in self.files.items() if posixpath.basename(file) == name and file != beside]
        return named[0] if name and len(named) == 1 else None


def one_line(text: str) -> str:
    """Text with white space collapsed, cut, secrets blotted out; findings are recognized by it when lines move."""
    return LOGIN.sub("://***@", SECRET.sub(r"\1***", " ".join(text.split())[:LONGEST_TEXT]))


def without_terminal(step: Step) -> Step:
    """The same step where nobody can answer a question."""
    if isinstance(step, Install):
        return replace(step, terminal=False)
    return _inside(step, without_terminal)


def tolerating(step: Step, why: str) -> Step:
    """The same step where its failing does no harm."""
    if isinstance(step, Use):
        return replace(step, tolerated=step.tolerated or why)
    return _inside(step, lambda one: tolerating(one, why))


def _inside(step: Step, change: Callable[[Step], Step]) -> Step:
    if isinstance(step, Scope | Later):
        return replace(step, body=tuple(change(one) for one in step.body))
    if isinstance(step, Choice):
        return replace(
            step, then=tuple(change(one) for one in step.then), otherwise=tuple(change(one) for one in step.otherwise)
        )
    return step
