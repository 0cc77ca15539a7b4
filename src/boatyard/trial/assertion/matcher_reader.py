"""Matchers as they are written: a value stands for what its attribute is compared with, a table names a matcher."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from boatyard.base.error import did_you_mean
from boatyard.base.regex import RegexError, compile_regex
from boatyard.base.yaml_text import Listing, Scalar, Table, is_true
from boatyard.trial.assertion.matcher import COMPARE, KNOWN, MANY, TEXT, UNSUPPORTED, Literal, Matcher, Pattern

if TYPE_CHECKING:
    from boatyard.base.regex import Regex
    from boatyard.base.yaml_text import Node
    from boatyard.trial.assertion.model import Sort

LONGEST_LIST = 200
LONGEST_TEXT = 32 << 10
_MODE = re.compile(r"0?[0-7]{3,4}")
_FALSE = ("false", "no", "off", "0", "n")


class WrittenWrongError(Exception):
    """A value is not as it must be written; `line` of the file, `hint` the cure."""

    def __init__(self, what: str, line: int, hint: str = "") -> None:
        super().__init__(what)
        self.line, self.hint = line, hint


class UnsupportedError(Exception):
    """goss knows it, and it cannot be looked at here; the message says what."""


def read_matcher(node: Node, sort: Sort, *, patterns: bool = False) -> Matcher:
    """The matcher of an attribute of that sort; WrittenWrongError, UnsupportedError.

    `patterns`: text alone means that a line contains it, as a list does; else it is the whole text.
    """
    if isinstance(node, Table):
        return _named(node, sort)
    if isinstance(node, Listing):
        return _listed(node, sort)
    if sort == "lines" and patterns:
        return Matcher("pattern", _pattern(node))
    return Matcher("literal", _literal(node, sort))


def _listed(node: Listing, sort: Sort) -> Matcher:
    _bounded(node)
    if sort == "lines":
        return Matcher(
            "and",
            tuple(
                Matcher("pattern", _pattern(one))
                if isinstance(one, Scalar)
                else Matcher("contain-element", read_matcher(one, "text"))
                for one in node.items
            ),
        )
    if sort not in ("list", "any"):
        raise WrittenWrongError("expected one value, not a list", node.line)
    return Matcher("contain-elements", tuple(read_matcher(one, "any") for one in node.items))


def _named(node: Table, sort: Sort) -> Matcher:
    if len(node.pairs) != 1:
        raise WrittenWrongError("a matcher is a table with one key", node.line, 'such as { gt = 5 } or { not = "x" }')
    (name, value), *_ = node.pairs
    op = name.text
    if op in UNSUPPORTED:
        raise UnsupportedError(f"the matcher {op}")
    if op not in KNOWN:
        raise WrittenWrongError(f"unknown matcher {op!r}", name.line, did_you_mean(op, (*KNOWN, *UNSUPPORTED)))
    inner: Sort = "any" if sort in ("list", "lines") else sort
    if op == "not":
        return Matcher(op, read_matcher(value, sort))
    if op == "contain-element":
        return Matcher(op, read_matcher(value, inner))
    if op in MANY:
        if not isinstance(value, Listing):
            raise WrittenWrongError(f"{op} takes a list", name.line)
        _bounded(value)
        each: Sort = sort if op in ("and", "or") else inner
        return Matcher(op, tuple(read_matcher(one, each) for one in value.items))
    if op == "equal" and isinstance(value, Listing):
        _bounded(value)
        return Matcher("list", tuple(_literal(one, "any") for one in value.items))
    if not isinstance(value, Scalar):
        raise WrittenWrongError(f"{op} takes one value", name.line)
    if op == "match-regexp":
        return Matcher(op, _regex(value.text, value.line))
    literal = _literal(value, "number" if op in COMPARE or op == "have-len" else "text" if op in TEXT else inner)
    return Matcher("literal" if op == "equal" else op, literal)


def _literal(node: Node, sort: Sort) -> Literal:
    if not isinstance(node, Scalar):
        raise WrittenWrongError("expected one value", node.line)
    text = node.text
    if len(text) > LONGEST_TEXT:
        raise WrittenWrongError(f"longer than {LONGEST_TEXT >> 10} KiB", node.line)
    if node.tag == "null":
        raise WrittenWrongError("the value is missing", node.line)
    if sort == "bool" or (node.tag == "bool" and sort == "any"):
        return Literal(text, flag=_flag(node))
    if sort == "mode":
        return Literal(_mode(node))
    if sort == "spaced":
        text = " ".join(text.split())
    number = _number(text) if node.tag in ("int", "float") or sort == "number" else None
    if sort == "number" and number is None:
        raise WrittenWrongError(f"expected a number, not {text!r}", node.line)
    return Literal(text, number)


def _flag(node: Scalar) -> bool:
    if is_true(node) or node.text.lower() in _FALSE:
        return is_true(node)
    raise WrittenWrongError(f"expected true or false, not {node.text!r}", node.line)


def _mode(node: Scalar) -> str:
    """Permissions with four octal digits. YAML keeps how `0644` is written; TOML's 0o644 has become another number."""
    if not _MODE.fullmatch(node.text):
        raise WrittenWrongError(f"expected permissions, not {node.text!r}", node.line, 'write them as text: "0644"')
    return node.text.zfill(4)[-4:]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pattern(node: Scalar) -> Pattern:
    source = node.text
    if len(source) > LONGEST_TEXT:
        raise WrittenWrongError(f"longer than {LONGEST_TEXT >> 10} KiB", node.line)
    absent = source.startswith("!")
    text = source.removeprefix("!") if absent else source.removeprefix("\\") if source.startswith("\\!") else source
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return Pattern(source, text, _regex(text[1:-1], node.line), absent)
    return Pattern(source, text, None, absent)


def _regex(text: str, line: int) -> Regex:
    try:
        return compile_regex(text)
    except RegexError as error:
        raise WrittenWrongError(f"/{text}/ is no pattern of RE2: {error}", line) from None


def _bounded(node: Listing) -> None:
    if len(node.items) > LONGEST_LIST:
        raise WrittenWrongError(f"a list has at most {LONGEST_LIST} entries", node.line)
