"""What a value is compared with: goss's matchers (its gossfile reference), on values that the guest has told.

A value whose kind is not the matcher's is converted first, as goss does: text to a number, text to a list of lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boatyard.trial.section import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.base.regex import Regex

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda found, wanted: found > wanted,
    "ge": lambda found, wanted: found >= wanted,
    "lt": lambda found, wanted: found < wanted,
    "le": lambda found, wanted: found <= wanted,
}
TEXT: dict[str, Callable[[str, str], bool]] = {
    "have-prefix": str.startswith,
    "have-suffix": str.endswith,
    "contain-substring": lambda found, wanted: wanted in found,
}
NESTED = ("contain-element", "not")
MANY = ("contain-elements", "consist-of", "and", "or")
OTHERS = ("equal", "match-regexp", "have-len", "have-key")
KNOWN = (*COMPARE, *TEXT, *NESTED, *MANY, *OTHERS)
# Of goss, and not made here: they make a check unknown.
UNSUPPORTED = ("semver-constraint", "gjson", "have-key-with-value")


class UncertainError(Exception):
    """The guest has told too little to decide; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written in the file: `number` when it is one, `flag` when it is true or false."""

    text: str
    number: float | None = None
    flag: bool | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """`foo`, `/re/`, `!foo` or `!/re/`: a line contains or matches it, or none does."""

    source: str
    text: str
    regex: Regex | None = None
    absent: bool = False

    def in_line(self, line: str) -> bool:
        return self.regex.search(line) if self.regex is not None else self.text in line


@dataclass(frozen=True, slots=True)
class Matcher:
    """`op`: one of `KNOWN`, `literal`, `pattern`, or `list` (equal to a list of literals).

    `value`: what it says: a Literal, a Pattern, a Regex, a Matcher, or a tuple of Matchers or Literals.
    """

    op: str
    value: Any


def matches(matcher: Matcher, found: Any) -> bool:
    """Whether a value (bool, number, text, list, table or Answer) is as expected; UncertainError."""
    op, value = matcher.op, matcher.value
    if op == "pattern":
        return _has_pattern(value, found)
    if op == "not":
        return not matches(value, found)
    if op in ("and", "or"):
        return (all if op == "and" else any)(matches(one, found) for one in value)
    if isinstance(found, Answer) and found.cut:
        raise UncertainError("it is longer than what was read of it")
    if op == "literal":
        return _equals(value, found)
    if op in COMPARE:
        number = _number(found)
        return number is not None and COMPARE[op](number, float(value.number))
    if op in TEXT:
        return TEXT[op](_text(found), value.text)
    if op == "match-regexp":
        return bool(value.search(_text(found)))
    if op == "have-len":
        size = len(found if isinstance(found, str | dict) else _list(found))
        return size == int(value.number)
    if op == "have-key":
        return isinstance(found, dict) and value.text in found
    return _matches_list(op, value, _list(found))


def unmet(matcher: Matcher, found: Any) -> Matcher:
    """Of a matcher that does not match, the parts that are to blame."""
    if matcher.op != "and":
        return matcher
    wrong = tuple(unmet(one, found) for one in matcher.value if not matches(one, found))
    return wrong[0] if len(wrong) == 1 else Matcher("and", wrong)


def describe(matcher: Matcher) -> str:
    """What is expected, in words close to the file's."""
    op, value = matcher.op, matcher.value
    if op == "literal":
        return repr(value.text) if value.number is None and value.flag is None else str(value.text)
    if op == "pattern":
        return f"{'no line' if value.absent else 'a line'} with {value.source.removeprefix('!')!r}"
    if op == "match-regexp":
        return f"matching /{value.pattern}/"
    if isinstance(value, Matcher):
        return f"{op.replace('-', ' ')} {describe(value)}"
    if isinstance(value, tuple):
        joint = f" {op} " if op in ("and", "or") else ", "
        words = joint.join(describe(one) for one in value)
        return {"contain-elements": words, "and": words, "or": words}.get(op, f"{op.replace('-', ' ')} {words}")
    return f"{op.replace('-', ' ')} {value.text if value.number is not None else repr(value.text)}"


def _has_pattern(pattern: Pattern, found: Any) -> bool:
    lines = found if isinstance(found, Answer) else Answer(_text(found))
    there = any(pattern.in_line(line) for line in lines.lines)
    if not there and lines.cut:
        raise UncertainError("it is longer than what was read of it")
    return there != pattern.absent


def _equals(literal: Literal, found: Any) -> bool:
    if isinstance(found, Answer):
        return found.text.removesuffix("\n") == literal.text.removesuffix("\n")
    if isinstance(found, list):  # one of them
        return any(_equals(literal, one) for one in found)
    if isinstance(found, bool):
        return found is literal.flag
    if _text(found) == literal.text:
        return True
    return literal.number is not None and _number(found) == literal.number


def _matches_list(op: str, value: Any, found: list[Any]) -> bool:
    if op == "contain-element":
        return any(matches(value, one) for one in found)
    if op == "list":
        return len(value) == len(found) and all(_equals(*pair) for pair in zip(value, found, strict=True))
    if op == "consist-of" and len(value) != len(found):
        return False
    return _assignable(value, found)


def _assignable(matchers: Sequence[Matcher], found: list[Any]) -> bool:
    """Whether every matcher gets an element of its own (a bipartite matching by augmenting paths)."""
    fits = [[at for at, one in enumerate(found) if matches(matcher, one)] for matcher in matchers]
    owner: dict[int, int] = {}

    def place(matcher: int, tried: set[int]) -> bool:
        for at in fits[matcher]:
            if at not in tried:
                tried.add(at)
                if at not in owner or place(owner[at], tried):
                    owner[at] = matcher
                    return True
        return False

    return all(place(matcher, set()) for matcher in range(len(matchers)))


def _text(found: Any) -> str:
    if isinstance(found, Answer):
        return found.text
    if isinstance(found, bool):
        return "true" if found else "false"
    return "\n".join(map(_text, found)) if isinstance(found, list) else str(found)


def _number(found: Any) -> float | None:
    try:
        return None if isinstance(found, bool) else float(_text(found).strip())
    except ValueError:
        return None


def _list(found: Any) -> list[Any]:
    if isinstance(found, Answer):
        return list(found.lines)
    if isinstance(found, list):
        return found
    return found.splitlines() if isinstance(found, str) else [found]
