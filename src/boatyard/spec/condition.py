"""Whether the condition of an %if holds, as far as its text tells: yes, no, or nobody knows without rpm.

The expressions of rpm (rpmexpr(3)): integers, strings, `! && || == != < > <= >= + -` and parentheses. An unknown part
does not make the whole unknown: `0 && %{something}` does not hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.spec.macro import Macros

Value = int | str | None  # None: not known
MAX_LENGTH = 2_000
MAX_DEPTH = 20

_TOKEN = re.compile(r'\s*(?:(\d{1,18})(?![\w.])|"([^"]*)"|(&&|\|\||==|!=|<=|>=|[!<>()+-]))', re.ASCII)
_UNKNOWN = re.compile(r"\s*\d*%[^\s&|=<>!]+")
_COMPARED = {"==", "!=", "<", ">", "<=", ">="}


def holds(directive: str, expression: str, macros: Macros, arch: str) -> bool | None:
    """Whether a branch is taken, by its directive (`%if`, `%elifarch`, …); None when the text does not tell."""
    word = directive.removeprefix("%").removeprefix("el")
    expanded = macros.expand(expression)
    if word == "if":
        return _truth(_evaluate(expanded.text))
    names = expanded.text.replace(",", " ").split()
    here = {"ifarch": arch, "ifnarch": arch, "ifos": "linux", "ifnos": "linux"}.get(word)
    if here is None:
        return None
    listed = True if here in names else False if expanded.complete else None
    return listed if listed is None else listed == (word in ("ifarch", "ifos"))


def _truth(value: Value) -> bool | None:
    return None if value is None else bool(value)


class _UnreadableError(Exception):
    """Not an expression."""


def _evaluate(text: str) -> Value:
    if len(text) > MAX_LENGTH:
        return None
    try:
        parser = _Parser(_tokens(text))
        value = parser.either(0)
        return value if parser.at == len(parser.tokens) else None
    except _UnreadableError:
        return None


def _tokens(text: str) -> list[tuple[str, Value]]:
    """(kind, value): `value` for a number, string or unknown macro, else the operator as kind."""
    found: list[tuple[str, Value]] = []
    place = 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            # What only rpm can expand ends at a blank or an operator.
            word = _UNKNOWN.match(text, place)
            if word is None:
                raise _UnreadableError
            found.append(("value", None))
            place = word.end()
            continue
        place = match.end()
        if match[1] is not None:
            found.append(("value", int(match[1])))
        elif match[2] is not None:
            found.append(("value", None if "%" in match[2] else match[2]))
        else:
            found.append((match[3], None))
    return found


class _Parser:
    """Recursive descent; each method gives the value of what it reads."""

    def __init__(self, tokens: list[tuple[str, Value]]) -> None:
        self.tokens = tokens
        self.at = 0

    def _next(self, *kinds: str) -> str:
        """The kind of the next token, taken, if it is one of these; else ""."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] in kinds:
            self.at += 1
            return self.tokens[self.at - 1][0]
        return ""

    def either(self, depth: int) -> Value:
        value = self._both(depth)
        while self._next("||"):
            value = _or(_truth(value), _truth(self._both(depth)))
        return value

    def _both(self, depth: int) -> Value:
        value = self._compared(depth)
        while self._next("&&"):
            value = _and(_truth(value), _truth(self._compared(depth)))
        return value

    def _compared(self, depth: int) -> Value:
        left = self._sum(depth)
        while operator := self._next(*_COMPARED):
            left = _compare(operator, left, self._sum(depth))
        return left

    def _sum(self, depth: int) -> Value:
        left = self._one(depth)
        while operator := self._next("+", "-"):
            right = self._one(depth)
            if left is None or right is None:
                left = None
            elif isinstance(left, int) and isinstance(right, int):
                left = left + right if operator == "+" else left - right
            elif isinstance(left, str) and isinstance(right, str) and operator == "+":
                left += right
            else:
                raise _UnreadableError
        return left

    def _one(self, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise _UnreadableError
        if self._next("!"):
            truth = _truth(self._one(depth + 1))
            return None if truth is None else int(not truth)
        if self._next("("):
            value = self.either(depth + 1)
            if not self._next(")"):
                raise _UnreadableError
            return value
        if self._next("-"):
            value = self._one(depth + 1)
            return -value if isinstance(value, int) else None
        if not self._next("value"):
            raise _UnreadableError
        return self.tokens[self.at - 1][1]


def _or(left: bool | None, right: bool | None) -> int | None:
    if left or right:
        return 1
    return None if left is None or right is None else 0


def _and(left: bool | None, right: bool | None) -> int | None:
    if left is False or right is False:
        return 0
    return None if left is None or right is None else 1


def _compare(operator: str, left: Value, right: Value) -> int | None:
    if left is None or right is None:
        return None
    if isinstance(left, str) != isinstance(right, str):
        raise _UnreadableError
    order = (left > right) - (left < right)  # type: ignore[operator]
    answers = {"==": order == 0, "!=": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}
    return int(answers[operator])
