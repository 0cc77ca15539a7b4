"""`inside` and `outside`: which lines an overlay may touch, by the conditional they are in.

A conditional is named by its opening line, `%if %{with x}`, white space apart; every conditional that opens so is
meant. `inside` is then the branch under that line; another branch is named behind it: `%if %{with x} / %else`.
`outside` is every line that is in none of its branches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from boatyard.base.error import BuildError
from boatyard.overlay.nearest import nearest_lines
from boatyard.spec.conditional import Block, UnbalancedError, blocks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

BRANCH = " / %"


class Scoped(Protocol):
    @property
    def inside(self) -> str: ...
    @property
    def outside(self) -> str: ...


def lines_in_scope(overlay: Scoped, lines: Sequence[str]) -> Collection[int]:
    """The numbers of the lines that an overlay may touch; BuildError when it names a conditional that is not there."""
    found: Collection[int] = range(len(lines))
    if overlay.inside:
        found = set(_inside(overlay.inside, lines))
    if overlay.outside:
        hidden = {line for block in _named(overlay.outside, lines) for line in range(block.opening, block.closing + 1)}
        found = set(found) - hidden
    return found


def balanced_blocks(lines: Sequence[str]) -> list[Block]:
    """The conditionals of a spec; BuildError when they do not pair up line by line."""
    try:
        return blocks(lines)
    except UnbalancedError as error:
        raise BuildError(
            f"the conditionals of the spec do not balance: line {error.line + 1}: {error}",
            detail=f"line {error.line + 1}: {lines[error.line].strip()}",
            hint="this overlay needs a spec whose %if and %endif pair up line by line",
        ) from None


def _inside(text: str, lines: Sequence[str]) -> Iterator[int]:
    opening, slash, branch = text.partition(BRANCH)
    for block in _named(opening, lines):
        starts = [block.opening, *block.branches]
        for start, end in zip(starts, [*block.branches, block.closing], strict=True):
            if start == block.opening if not slash else _same(lines[start], "%" + branch):
                yield from range(start + 1, end)


def _named(text: str, lines: Sequence[str]) -> list[Block]:
    every = balanced_blocks(lines)
    found = [block for block in every if _same(lines[block.opening], text)]
    if not found:
        raise BuildError(
            f"conditional not found: {text!r}",
            detail=nearest_lines(text, ((block.opening, lines[block.opening]) for block in every)),
            hint="a conditional is named by its whole opening line",
        )
    return found


def _same(line: str, text: str) -> bool:
    return line.split() == text.split()
