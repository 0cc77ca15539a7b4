"""Tables into frozen dataclasses, telling everything that is wrong with a table at once.

Keys are the fields' names with `-` for `_`. Fields may be str, int, bool, enums, Literal, tuples of one kind, other
dataclasses, and any of these or None.
"""

from __future__ import annotations

import dataclasses
import difflib
import typing
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

if TYPE_CHECKING:
    from boatyard_installer.locate import Key

Told = tuple["Key", str, str]  # key, what is wrong, how to mend it
WORDS = {str: "a string", int: "a number", bool: "true or false"}


def key_of(field: str) -> str:
    """The TOML key of a field."""
    return field.replace("_", "-")


def kinds_of(kind: type[Any]) -> dict[str, Any]:
    """The types of a dataclass's fields, by key."""
    hints = typing.get_type_hints(kind)
    return {key_of(field.name): hints[field.name] for field in dataclasses.fields(kind)}


def decode(kind: Any, value: Any, key: Key, told: list[Told]) -> Any:
    """`value` as a `kind`; what is wrong goes to `told`, and None comes back."""
    if get_origin(kind) in (UnionType, typing.Union):
        kind = next(option for option in get_args(kind) if option is not NoneType)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _table(kind, value, key, told)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            return _wrong(key, "expected a list", told)
        return tuple(decode(get_args(kind)[0], item, (*key, at), told) for at, item in enumerate(value))
    if get_origin(kind) is Literal:
        return _one_of(value, get_args(kind), key, told)
    if issubclass(kind, StrEnum):
        found = _one_of(value, tuple(member.value for member in kind), key, told)
        return kind(found) if found is not None else None
    if type(value) is not kind:  # true is no number here
        return _wrong(key, f"expected {WORDS[kind]}", told)
    return value


def _table(kind: type[Any], value: Any, key: Key, told: list[Told]) -> Any:
    if not isinstance(value, dict):
        return _wrong(key, "expected a table", told)
    before = len(told)
    kinds: dict[str, Any] = kinds_of(kind)
    fields: dict[str, Any] = {}
    for name, item in value.items():
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(kinds)}"
            told.append(((*key, name), "unknown key", hint))
        else:
            fields[name.replace("-", "_")] = decode(kinds[name], item, (*key, name), told)
    for field in dataclasses.fields(kind):
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and field.name not in fields:
            told.append((key, f"the key {key_of(field.name)!r} is missing", ""))
    if len(told) > before:
        return None
    try:
        return kind(**fields)
    except ValueError as error:
        return _wrong(key, str(error), told)


def _one_of(value: Any, options: tuple[Any, ...], key: Key, told: list[Told]) -> Any:
    if value in options and type(value) in {type(option) for option in options}:
        return value
    return _wrong(key, f"expected one of {', '.join(map(repr, options))}", told)


def _wrong(key: Key, what: str, told: list[Told]) -> None:
    told.append((key, what, ""))
