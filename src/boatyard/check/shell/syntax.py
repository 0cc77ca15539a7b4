"""The syntax of a script as values. A script that does not parse gives `Doubt` where it is not understood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves. `quoted`: not split, no globs, no braces."""

    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, `${name}`, `${name:-default}`, `${name[@]}`; `operator` is what follows the name, if anything."""

    name: str
    operator: str = ""
    default: Word | None = None
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(…)` or, when `process`, `<(…)`; `source` is its text."""

    body: Statements
    source: str
    process: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something whose value is not followed, such as arithmetic; `inner` holds what is substituted in it."""

    inner: tuple[Substitution, ...] = ()


Part = Text | Variable | Substitution | Opaque


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command."""

    parts: tuple[Part, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value`; `value` has many words for an array. `appends`: `+=`."""

    name: str
    value: tuple[Word, ...]
    array: bool = False
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """`operator` is `>`, `>>`, `<`, `<<` (here-document, `text` from line `line`), `<<<`, ….

    `literal`: nothing is expanded in the here-document; else `inner` is what it substitutes.
    """

    operator: str
    target: Word | None = None
    text: str = ""
    line: int = 0
    literal: bool = False
    inner: tuple[Substitution, ...] = ()


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with its words, assignments before it and redirections."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    redirects: tuple[Redirect, ...]
    source: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound statement with redirections."""

    body: Statement
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`a | b`."""

    members: Statements


@dataclass(frozen=True, slots=True)
class AndOr:
    """`a && b`, `a || b`."""

    left: Statement
    operator: str
    right: Statement


@dataclass(frozen=True, slots=True)
class Negated:
    """`! a`."""

    body: Statement


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`, or `( … )` when it is a process of its own."""

    body: Statements
    process: bool = False


@dataclass(frozen=True, slots=True)
class If:
    """Conditions with what follows each, then `else`."""

    arms: tuple[tuple[Statements, Statements], ...]
    otherwise: Statements


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words`; words None for those of the script, or where they cannot be listed."""

    name: str
    words: tuple[Word, ...] | None
    body: Statements


@dataclass(frozen=True, slots=True)
class While:
    """`while`, `until`."""

    condition: Statements
    body: Statements


@dataclass(frozen=True, slots=True)
class Case:
    """`case word in pattern|pattern) … ;;`."""

    word: Word
    items: tuple[tuple[tuple[Word, ...], Statements], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """`name() { … }`."""

    name: str
    body: Statement


@dataclass(frozen=True, slots=True)
class Bracket:
    """`[ … ]` and `[[ … ]]`: the operators and words between the brackets, in order."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the grammar does not understand; some of it may be as it looks."""

    body: Statements


Statement = (
    Simple | Redirected | Pipeline | AndOr | Negated | Group | If | For | While | Case | Function | Bracket | Doubt
)
Statements = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole script. `errors`: lines and columns (from 1) where it does not parse."""

    body: Statements
    errors: tuple[tuple[int, int], ...] = ()
