"""Answers as TOML text: what differs from the defaults, under comments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from boatyard_installer.decode import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard_installer.answers import Answers

ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def to_toml(answers: Answers, comments: Iterable[str] = ()) -> str:
    """TOML text that `load_answers` reads as these answers. `comments`: lines at its top, without `#`."""
    lines = [f"# {_one_line(comment)}".rstrip() for comment in comments]
    for name, value in _fields(answers):
        if dataclasses.is_dataclass(value):
            lines += ["", f"[{name}]", *_pairs(value)]
        else:
            for item in value:
                lines += ["", f"[[{name}]]", *_pairs(item)]
    return "\n".join(lines).strip("\n") + "\n"


def _fields(table: Any) -> Iterator[tuple[str, Any]]:
    """The keys of a table whose values are not the default."""
    for field in dataclasses.fields(table):
        value = getattr(table, field.name)
        if value != field.default:
            yield key_of(field.name), value


def _pairs(table: Any) -> Iterator[str]:
    for name, value in _fields(table):
        if isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            yield f"{name} = ["
            yield from (f"  {_inline(item)}," for item in value)
            yield "]"
        else:
            yield f"{name} = {_value(value)}"


def _inline(table: Any) -> str:
    return f"{{ {', '.join(f'{name} = {_value(value)}' for name, value in _fields(table))} }}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    text = str(value)
    if "\n" in text and "'''" not in text and all(char.isprintable() or char in "\n\t" for char in text):
        return f"'''\n{text}'''"  # a script, as it was
    if "\n" in text:
        return '"""\n' + "\n".join(map(_escaped, text.split("\n"))) + '"""'
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return "".join(ESCAPES.get(char) or (f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char)
                   for char in text)  # fmt: skip


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
