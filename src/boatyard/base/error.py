"""Errors for people: what is wrong, where, how to mend it. One class for each way of handling, with its exit code.

Exit codes (documented in docs/reference/exit-codes.md): 1 a bug in Boatyard, 2 configuration or usage, 3 sources,
4 a tool of the host, 5 a build, 6 trust (digest or signature), 7 image or VM, 8 a check or budget failed,
9 not found, 130 interrupted.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boatyard.base.where import Where


class Problem(NamedTuple):
    """One thing that is wrong. `detail` holds evidence (the last lines of a log), `hint` the cure."""

    what: str
    where: Where | None = None
    detail: str = ""
    hint: str = ""

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  --> {self.where}")
        lines.extend(f"  | {line}" for line in self.detail.rstrip().splitlines())
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class BoatyardError(Exception):
    """Base of every error that is not a bug of Boatyard."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: Where | None = None, detail: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.problems: tuple[Problem, ...] = (Problem(what, where, detail, hint),)

    @property
    def hint(self) -> str:
        return self.problems[0].hint

    def __str__(self) -> str:
        return "\n".join(f"error: {problem}" for problem in self.problems)


class ConfigError(BoatyardError):
    """The configuration or the command line is wrong; may carry many problems, sorted by place."""

    exit_code = 2

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ConfigError:
        """One error for all the problems of a run, in the order of their places."""
        ordered = sorted(problems, key=lambda p: (p.where is None, p.where or 0, p.what))
        error = cls(ordered[0].what)
        error.problems = tuple(ordered)
        return error


class SourceError(BoatyardError):
    """A source could not be had. `temporary` says that the same call may succeed later."""

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        where: Where | None = None,
        detail: str = "",
        hint: str = "",
        temporary: bool = False,
    ) -> None:
        super().__init__(what, where=where, detail=detail, hint=hint)
        self.temporary = temporary


class ToolError(BoatyardError):
    """A program of the host is missing or failed, or the host lacks something (space, rights)."""

    exit_code = 4


class BuildError(BoatyardError):
    """A component does not build, or an overlay does not apply."""

    exit_code = 5


class OutOfMemoryError(BuildError):
    """A build was ended for using more memory than it was given; more may be enough."""


class TrustError(BoatyardError):
    """A digest or signature does not match. Never retried, never kept."""

    exit_code = 6


class ImageError(BoatyardError):
    """An image could not be made or a virtual machine did not come up."""

    exit_code = 7


class CheckError(BoatyardError):
    """Everything ran, and what was checked is not as it should be."""

    exit_code = 8


class NotFoundError(BoatyardError):
    """A name given by the user does not exist."""

    exit_code = 9


@contextmanager
def about(name: str) -> Iterator[None]:
    """Begins an error with what it is about, where it says nothing of that itself."""
    try:
        yield
    except BoatyardError as error:
        problem = error.problems[0]
        if not re.search(rf"(?<![\w.+-]){re.escape(name)}(?![\w+-])", problem.what):
            error.problems = (problem._replace(what=f"{name}: {problem.what}"), *error.problems[1:])
        raise


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or all of them when there are few and none is near; may be empty."""
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if names and len(names) <= 12:
        return "known: " + ", ".join(names)
    return ""
