"""Matchers on values, in the examples of goss's reference and at their edges."""

from __future__ import annotations

from typing import Any

import pytest

from boatyard.base.yaml_text import read_yaml
from boatyard.trial.assertion.matcher import UncertainError, describe, matches, unmet
from boatyard.trial.assertion.matcher_reader import UnsupportedError, WrittenWrongError, read_matcher
from boatyard.trial.section import Answer

TEXT = Answer("foo\nGoss is good\n!odd\n")


def holds(written: str, found: Any, sort: Any = "any", **options: bool) -> bool:
    node = read_yaml(written)
    assert node is not None
    return matches(read_matcher(node, sort, **options), found)


@pytest.mark.parametrize(
    ("written", "found", "sort", "expected"),
    [
        ("true", True, "bool", True),
        ("'no'", False, "bool", True),
        ("true", False, "bool", False),
        ("0", 0, "number", True),
        ("'0'", 0, "number", True),
        ("1.0", 1, "number", True),
        ("root", "root", "text", True),
        ("128", "128", "spaced", True),
        ("'4096  87380\t6291456'", "4096 87380 6291456", "spaced", True),
        ("0644", "0644", "mode", True),
        ("'644'", "0644", "mode", True),
        ("'4755'", "0755", "mode", False),
        ("{gt: 200}", "128", "spaced", False),
        ("{le: 128}", "128", "spaced", True),
        ("{lt: 5}", "many", "text", False),
        ("{have-prefix: ro}", "root", "text", True),
        ("{have-suffix: sh}", "/bin/bash", "text", True),
        ("{contain-substring: in/b}", "/bin/bash", "text", True),
        ("{match-regexp: '^[a-z]{4}$'}", "root", "text", True),
        ("{not: root}", "root", "text", False),
        ("{and: [{gt: 1}, {lt: 9}]}", 5, "number", True),
        ("{or: [1, 2]}", 3, "number", False),
        ("{equal: root}", "root", "text", True),
    ],
)
def test_single_values(written: str, found: Any, sort: Any, expected: bool) -> None:
    assert holds(written, found, sort) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[foo, moo]", True),
        ("[foo, foo]", False),  # each entry needs an element of its own
        ("foo", True),
        ("{contain-elements: [{have-prefix: b}, bar]}", False),
        ("{contain-elements: [{have-prefix: m}, bar]}", True),
        ("{equal: [foo, bar, moo]}", True),
        ("{equal: [bar, foo, moo]}", False),
        ("{consist-of: [foo, {have-prefix: m}, bar]}", True),
        ("{consist-of: [foo, bar]}", False),
        ("{consist-of: [{have-suffix: oo}, foo, bar]}", True),
        ("{contain-element: {have-prefix: b}}", True),
        ("{not: {contain-element: nope}}", True),
        ("{have-len: 3}", True),
        ("{and: [{have-len: 3}, [foo]]}", True),
    ],
)
def test_lists(written: str, expected: bool) -> None:
    assert holds(written, ["foo", "bar", "moo"], "list") is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[foo, '!bar', '/[Gg]oss/', '!/^bad/']", True),
        ("['\\!odd']", True),
        ("['!foo']", False),
        ("[fo, goo, nothing]", False),
        ("[]", True),
        ("{and: [{contain-element: foo}, {not: {contain-element: bar}}]}", True),
        ("{have-len: 3}", True),
        ('"foo\\nGoss is good\\n!odd"', True),  # the whole text, whatever ends it
        ("foo", False),
        ("{match-regexp: 'foo\\nGoss'}", True),
    ],
)
def test_lines(written: str, expected: bool) -> None:
    assert holds(written, TEXT, "lines") is expected


def test_text_alone_is_a_pattern_where_the_key_says_so() -> None:
    assert holds("oss is", TEXT, "lines", patterns=True)
    assert not holds("oss is", TEXT, "lines")


def test_what_was_not_read_to_the_end_is_uncertain() -> None:
    cut = Answer("foo\n", cut=True)
    assert holds("[foo]", cut, "lines")
    assert not holds("['!foo']", cut, "lines")
    for written in ("[bar]", "['!bar']", "foo", "{have-len: 1}"):
        with pytest.raises(UncertainError):
            holds(written, cut, "lines")


@pytest.mark.parametrize(
    ("written", "sort", "what"),
    [
        ("maybe", "bool", "expected true or false"),
        ("x", "number", "expected a number"),
        (".nan", "number", "expected a number"),
        ("420", "mode", None),
        ("'0o644'", "mode", "expected permissions"),
        ("[a]", "text", "expected one value"),
        ("{gt: x}", "number", "expected a number"),
        ("{and: x}", "text", "takes a list"),
        ("{gt: 1, lt: 2}", "number", "one key"),
        ("{have-prefixx: a}", "text", "unknown matcher"),
        ("{match-regexp: '('}", "text", "no pattern"),
        ("['/(/']", "lines", "no pattern"),
        ("", "text", None),
        ("~", "text", "missing"),
        (f"[{'a,' * 201}]", "list", "at most 200"),
    ],
)
def test_what_is_written_wrong(written: str, sort: Any, what: str | None) -> None:
    node = read_yaml(written)
    if what is None:
        if node is not None:
            read_matcher(node, sort)
        return
    assert node is not None
    with pytest.raises(WrittenWrongError, match=what):
        read_matcher(node, sort)


def test_what_goss_has_and_we_have_not() -> None:
    for written in ("{semver-constraint: '>1'}", "{not: {gjson: {a: 1}}}"):
        node = read_yaml(written)
        assert node is not None
        with pytest.raises(UnsupportedError):
            read_matcher(node, "any")


@pytest.mark.parametrize(
    ("written", "sort", "words"),
    [
        ("root", "text", "'root'"),
        ("5", "number", "5"),
        ("{gt: 5}", "number", "gt 5"),
        ("{not: {have-prefix: a}}", "text", "not have prefix 'a'"),
        ("[a, '!b', '/c/']", "lines", "a line with 'a' and no line with 'b' and a line with '/c/'"),
        ("{consist-of: [a, b]}", "list", "consist of 'a', 'b'"),
        ("{match-regexp: ^a}", "text", "matching /^a/"),
    ],
)
def test_what_is_expected_in_words(written: str, sort: Any, words: str) -> None:
    node = read_yaml(written)
    assert node is not None
    assert describe(read_matcher(node, sort)) == words


def test_only_what_does_not_match_is_to_blame() -> None:
    node = read_yaml("[foo, '!odd', nothing]")
    assert node is not None
    assert describe(unmet(read_matcher(node, "lines"), TEXT)) == "no line with 'odd' and a line with 'nothing'"
    node = read_yaml("{and: [{gt: 1}, {lt: 4}]}")
    assert node is not None
    assert describe(unmet(read_matcher(node, "number"), 5)) == "lt 4"
