"""The expressions of `%if`, with a third answer: None for what depends on the target distribution.

Grammar as in rpm: `||`, `&&`, comparisons, `+ - * /`, `!`, parentheses, integers, quoted strings. Bare words and
versions are not known here.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

from boatyard.render.expand import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

Value = int | str | None
MAX_DEPTH = 50

_TOKEN = re.compile(r'\s*(\|\||&&|[<>=!]=|[<>!()+*/-]|"[^"]*"|[^\s|&<>=!()+*/"-]+)', re.DOTALL)
_COMPARE: dict[str, Callable[[int | str, int | str], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class _MalformedError(ValueError):
    """Not an expression of the grammar."""


def truth(expression: str) -> bool | None:
    """Whether an expanded expression holds; None when that cannot be known, also for what rpm would refuse."""
    tokens: list[str] = []
    position, text = 0, expression.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append(match[1])
        position = match.end()
    try:
        parser = _Parser(tokens)
        value = parser.either()
        return _holds(value) if parser.at_end() else None
    except (_MalformedError, TypeError):
        return None


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = self._depth = 0

    def at_end(self) -> bool:
        return self._position == len(self._tokens)

    def either(self) -> Value:
        value = self._both()
        while self._take("||"):
            value = _or(_holds(value), _holds(self._both()))
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._take("&&"):
            value = _and(_holds(value), _holds(self._compared()))
        return value

    def _compared(self) -> Value:
        left = self._sum()
        while sign := self._take(*_COMPARE):
            right = self._sum()
            left = None if left is None or right is None else int(_COMPARE[sign](left, right))
        return left

    def _sum(self) -> Value:
        left = self._single()
        while sign := self._take("+", "-", "*", "/"):
            right = self._single()
            known = isinstance(left, int) and isinstance(right, int)
            left = left + right if known and sign == "+" else left - right if known and sign == "-" else None  # type: ignore[operator]
        return left

    def _single(self) -> Value:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _MalformedError
        try:
            return self._atom()
        finally:
            self._depth -= 1

    def _atom(self) -> Value:
        if self._take("!"):
            held = _holds(self._single())
            return None if held is None else int(not held)
        if self._take("("):
            value = self.either()
            if not self._take(")"):
                raise _MalformedError
            return value
        if self.at_end():
            raise _MalformedError
        word = self._tokens[self._position]
        self._position += 1
        if UNKNOWN in word:
            return None
        if word.startswith('"'):
            return word[1:-1]
        if word.isascii() and word.isdigit() and len(word) < 19:
            return int(word)
        raise _MalformedError

    def _take(self, *wanted: str) -> str:
        if not self.at_end() and self._tokens[self._position] in wanted:
            self._position += 1
            return self._tokens[self._position - 1]
        return ""


def _holds(value: Value) -> bool | None:
    return None if value is None else bool(value)


def _or(left: bool | None, right: bool | None) -> Value:
    return 1 if left or right else None if left is None or right is None else 0


def _and(left: bool | None, right: bool | None) -> Value:
    return 0 if left is False or right is False else None if left is None or right is None else 1
