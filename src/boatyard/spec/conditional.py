"""Conditional blocks: %if … %else … %endif, paired by text alone.

Only a first word that is exactly a directive counts, in any case and with any indentation; `%if(` is not recognised
and a line whose first character is `#` is a comment. So a few real specs do not balance by text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OPENING = frozenset({"%if", "%ifarch", "%ifnarch", "%ifos", "%ifnos"})
BRANCHES = frozenset({"%else", "%elif", "%elifarch", "%elifos"})
CLOSING = "%endif"


class UnbalancedError(ValueError):
    """A directive without its partner; `line` counts from 0."""

    def __init__(self, line: int, directive: str) -> None:
        super().__init__(f"{directive} has no partner")
        self.line = line
        self.directive = directive


@dataclass(slots=True)
class Block:
    """One conditional: the lines of its %if, of its %else and %elif…, and of its %endif, counted from 0."""

    opening: int
    branches: list[int] = field(default_factory=list)
    closing: int = -1


def directive(line: str) -> str:
    """The conditional directive on a line in lower case, or ""."""
    if "%" not in line:
        return ""
    text = line.lstrip()
    if not text.startswith("%"):
        return ""
    word = text.split(None, 1)[0].lower()
    return word if word in OPENING or word in BRANCHES or word == CLOSING else ""


def depth_change(line: str) -> int:
    """+1 for a line that opens a conditional, -1 for %endif, else 0."""
    word = directive(line)
    return 1 if word in OPENING else -1 if word == CLOSING else 0


def blocks(lines: Sequence[str]) -> list[Block]:
    """Every conditional of a spec, ordered by its %endif; UnbalancedError at the first line without a partner."""
    stack: list[Block] = []
    done: list[Block] = []
    for number, line in enumerate(lines):
        word = directive(line)
        if word in OPENING:
            stack.append(Block(number))
        elif word and not stack:
            raise UnbalancedError(number, word)
        elif word in BRANCHES:
            stack[-1].branches.append(number)
        elif word:
            block = stack.pop()
            block.closing = number
            done.append(block)
    if stack:
        raise UnbalancedError(stack[-1].opening, directive(lines[stack[-1].opening]))
    return done


def depth(lines: Iterable[str]) -> int:
    """How many conditionals are open after these lines; below 0 when there are more %endif than %if."""
    return sum(map(depth_change, lines))


def is_filler(line: str) -> bool:
    """Whether a line is blank, a comment or a conditional directive: text that belongs to no section."""
    text = line.strip()
    return not text or text.startswith("#") or directive(line) != ""
