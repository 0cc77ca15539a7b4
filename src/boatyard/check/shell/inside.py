"""What statements hold inside: functions, assigned variables, substitutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.check.shell.syntax import (
    AndOr,
    Case,
    Doubt,
    For,
    Function,
    Group,
    If,
    Negated,
    Opaque,
    Pipeline,
    Redirected,
    Simple,
    Substitution,
    Text,
    Variable,
    While,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard.check.shell.syntax import Statement, Statements, Word

READERS = {"read", "readarray", "mapfile", "getopts", "let", "unset"}


def parts_of(statement: Statement) -> Statements:
    """The statements directly inside of one."""
    match statement:
        case Pipeline():
            return statement.members
        case AndOr():
            return (statement.left, statement.right)
        case Negated() | Redirected() | Function():
            return (statement.body,)
        case Group() | Doubt() | For():
            return statement.body
        case While():
            return (*statement.condition, *statement.body)
        case If():
            return (*(one for arm in statement.arms for half in arm for one in half), *statement.otherwise)
        case Case():
            return tuple(one for _, body in statement.items for one in body)
        case _:
            return ()


def everything(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements at any depth, without those of substitutions."""
    waiting = list(body)
    while waiting:
        statement = waiting.pop()
        yield statement
        waiting += parts_of(statement)


def functions_in(body: Statements) -> dict[str, Statement]:
    """The functions that a script defines, wherever it does."""
    return {one.name: one.body for one in everything(body) if isinstance(one, Function) and one.name}


def assigned(body: Iterable[Statement]) -> set[str]:
    """The variables that statements may change."""
    names: set[str] = set()
    for one in everything(body):
        if isinstance(one, Simple):
            names |= {assignment.name.split("[", 1)[0] for assignment in one.assignments if assignment.name != "PATH"}
            first = one.words[0].parts if one.words else ()
            if first and isinstance(first[0], Text) and first[0].value in READERS:
                names |= {part.value for word in one.words[1:] for part in word.parts if isinstance(part, Text)}
        elif isinstance(one, For):
            names.add(one.name)
    return names


def inner_substitutions(words: Iterable[Word]) -> Iterator[Substitution]:
    """The commands that run while words are expanded."""
    for word in words:
        for part in word.parts:
            if isinstance(part, Substitution):
                yield part
            elif isinstance(part, Opaque):
                yield from part.inner
            elif isinstance(part, Variable) and part.default is not None:
                yield from inner_substitutions((part.default,))
