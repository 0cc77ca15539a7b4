"""The line of every key, against texts with every form a key can take."""

from __future__ import annotations

import tomllib

from boatyard.config.fault import dotted
from boatyard_installer.locate import Key, key_lines, line_of

TEXT = '''\
# a comment = "with a key"
top = 1
"quoted key" . inner = 2

[table]
multi = """
fake = 1 # [not.a.table]
""\\""" """
literal = \'\'\'
[[x]]
\'\'\'
list = [
    "a]", # ]
    { inline = 1, nested = { deep = [10,
        11] } },
    [1, 2],
]
[table.'sub.with.dot']
date = 2026-02-24T00:00:00-08:00
[[array]]
a = 1
[[array]]
b = 2
[array.child]
c = 3
[[array.inner]]
[[array.inner]]
d = "\\u0041\\"="
["\\u0041b"]
"e\\tf" = 1
'''


def test_every_form_of_key() -> None:
    lines = key_lines(TEXT)
    expected: dict[Key, int] = {
        ("top",): 2,
        ("quoted key", "inner"): 3,
        ("table",): 5,
        ("table", "multi"): 6,
        ("table", "literal"): 9,
        ("table", "list"): 12,
        ("table", "list", 0): 13,
        ("table", "list", 1, "inline"): 14,
        ("table", "list", 1, "nested", "deep", 1): 15,
        ("table", "list", 2, 1): 16,
        ("table", "sub.with.dot", "date"): 19,
        ("array", 0, "a"): 21,
        ("array", 1, "b"): 23,
        ("array", 1, "child", "c"): 25,
        ("array", 1, "inner", 1, "d"): 28,
        ("Ab",): 29,
        ("Ab", "e\tf"): 30,
    }
    assert {key: lines.get(key) for key in expected} == expected
    assert ("fake",) not in lines
    assert ("table", "fake") not in lines


def test_finds_the_keys_that_the_parser_finds() -> None:
    assert set(paths(tomllib.loads(TEXT), ())) <= set(key_lines(TEXT))


def paths(value: object, key: Key) -> list[Key]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [path for name, item in items for path in [(*key, name), *paths(item, (*key, name))]]


def test_a_missing_key_has_the_line_of_its_table() -> None:
    assert line_of(TEXT, ("table", "list", 1, "absent")) == 14
    assert line_of(TEXT, ("absent",)) == 0


def test_dotted_keys_are_quoted_and_safe_to_print() -> None:
    assert dotted(("components", "a.b", "overlays", 2, "tag")) == 'components."a.b".overlays[2].tag'
    assert dotted(('q"\\', "\x1b[31m")) == '"q\\"\\\\"."\\u001b[31m"'
