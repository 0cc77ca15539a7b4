"""The shape of the model's types: anchoring relative paths, and telling all that is wrong with a table at once.

msgspec says only the first thing that is wrong. When it refuses a table, `Examiner` walks table and type together.
Tables are Structs, and dataclasses where a package without dependencies shares them: of these msgspec would take
keys they do not have.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import typing
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo
from msgspec.structs import fields as struct_fields

from boatyard.base.decodable import decodable
from boatyard.base.error import did_you_mean
from boatyard.config.model.overlay import Verb
from boatyard.config.model.resource import KeyAddress

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard_installer.locate import Key

Told = tuple[tuple[str | int, ...], str, str]  # key, what is wrong, how to mend it

# Keys every overlay of the azldev format may hold; those that mean nothing to a verb are ignored.
OVERLAY_KEYS = frozenset(("file", "section", "package", "tag", "value", "regex", "replacement", "lines", "source"))
# What azldev takes for a key that is not there.
_UNSET: tuple[object, ...] = ("", [], {})
REFUSED_OVERLAY_KEYS = frozenset((("spec-remove-subpackage", "section"),))
_WORDS = {"str": "a string", "int": "a number", "float": "a number", "bool": "true or false"}
_WORDS |= {
    "array": "a list",
    "list": "a list",
    "object": "a table",
    "dict": "a table",
    "null": "nothing",
    "datetime": "a date",
    "Path": "a path",
}


def decode_path(kind: type, value: Any) -> Path:
    """msgspec's `dec_hook`: the path in a string."""
    if kind is not Path:
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise TypeError(f"Expected `Path`, got `{type(value).__name__}`")
    if not value or "\0" in value:
        raise ValueError(f"{value!r} is not a path")
    return Path(value)


def convert(value: object, kind: Any) -> Any:
    """The typed value of a table; msgspec.ValidationError when it is none."""
    if _holds(kind, _is_dataclass) and (key := _stray_key(kind, value)):
        raise msgspec.ValidationError(f"Object contains unknown field `{key}`")
    return msgspec.convert(value, type=decodable(kind), dec_hook=decode_path)


def _stray_key(kind: Any, value: Any) -> str:
    """A key that is in a dataclass's table and not in the dataclass, empty when there is none."""
    kind = _concrete(kind, value)
    if not _holds(kind, _is_dataclass):
        return ""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict) and _is_table(kind):
        fields = _fields(kind)
        if _is_dataclass(kind) and (stray := next((key for key in value if key not in fields), "")):
            return str(stray)
        inner = [(fields[key].type, item) for key, item in value.items() if key in fields]
    elif isinstance(value, dict) and get_origin(kind) is dict:
        inner = [(get_args(kind)[1], item) for item in value.values()]
    elif isinstance(value, list) and get_origin(kind) is tuple:
        inner = [(get_args(kind)[0], item) for item in value]
    return next((stray for part, item in inner if (stray := _stray_key(part, item))), "")


def anchor(kind: Any, value: Any, folder: str) -> Any:
    """`value` with every relative path in it made absolute, below `folder`. Tables and lists are changed in place."""
    if not value or not _holds(kind, _is_path):
        return value
    if isinstance(value, str):
        return _anchored(_unwrapped(kind) is Path, value, folder)
    kind = _concrete(kind, value)
    if isinstance(value, dict) and _is_table(kind):
        for key, field in _fields_with_paths(kind).items():
            if value.get(key):
                value[key] = anchor(field.type, value[key], folder)
            elif value.get(key) == "" and _unwrapped(field.type) is Path:
                del value[key]  # an empty path is one that is not set
    elif isinstance(value, dict) and get_origin(kind) is dict:
        inner = get_args(kind)[1]
        for key, item in value.items():
            if item:
                value[key] = anchor(inner, item, folder)
    elif isinstance(value, list) and get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        value[:] = [anchor(inner, item, folder) for item in value]
    return value


def keys_of(kind: Any, value: dict[str, Any]) -> frozenset[str]:
    """The keys of the class that a table chooses among tagged classes, with that of the tag; empty if it fits none."""
    chosen = _concrete(kind, value)
    return frozenset((*_fields(chosen), _tag_field(chosen) or "")) if _is_table(chosen) else frozenset()


def _anchored(is_path: bool, text: str, folder: str) -> str:
    if is_path:
        return os.path.normpath(os.path.join(folder, text))  # noqa: PTH118
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):  # the address of a key
        return text
    return "file://" + os.path.normpath(os.path.join(folder, text))  # noqa: PTH118


class Examiner:
    """Finds everything wrong with a table. What azldev reads in spite of its form is mended in place."""

    def __init__(self, *, permissive: bool = False) -> None:
        self.told: list[Told] = []
        self._permissive = permissive

    def examine(self, kind: Any, value: Any, key: Key = ()) -> None:
        """Tells what is wrong with `value` as a `kind`, and below it."""
        before = len(self.told)
        _mend_tag(kind, value)
        chosen = _concrete(kind, value)
        if _is_table(chosen) and isinstance(value, dict):
            self._examine_table(chosen, value, key, _others(kind))
        elif get_origin(chosen) is dict and isinstance(value, dict):
            for name in value:
                self.examine(get_args(chosen)[1], value[name], (*key, name))
        elif get_origin(chosen) is tuple and isinstance(value, list):
            for number, item in enumerate(value):
                self.examine(get_args(chosen)[0], item, (*key, number))
        elif _alternatives(chosen) and isinstance(value, dict):
            self._unknown_tag(chosen, value, key)
        if len(self.told) == before:
            try:
                convert(value, kind)
            except msgspec.ValidationError as error:
                self._tell(key, *_in_words(str(error), kind, value))

    def _examine_table(self, kind: Any, value: dict[str, Any], key: Key, others: dict[str, FieldInfo]) -> None:
        """`others`: the keys of all classes that the table could be of; azldev has one table for them."""
        known = _fields(kind)
        tag_field = _tag_field(kind)
        folded = {name.lower(): name for name in known}
        for name in list(value):
            if name in known or name == tag_field:
                continue
            if name.lower() in folded and folded[name.lower()] not in value:
                value[folded[name.lower()]] = value.pop(name)
            elif self._permissive or (name in others and value[name] in _UNSET):
                del value[name]
            elif _is_irrelevant(kind, name):
                self.examine(others[name].type, value.pop(name), (*key, name))
            else:
                self._tell((*key, name), *_unknown_key(kind, name))
        for name, field in known.items():
            if value.get(name) == "" and not field.required and get_origin(_unwrapped(field.type)) is typing.Literal:
                del value[name]
            elif name in value:
                self.examine(field.type, value[name], (*key, name))
            elif field.required:
                self._missing(kind, name, value, key)

    def _missing(self, kind: Any, name: str, value: dict[str, Any], key: Key) -> None:
        if issubclass(kind, Verb):
            self._tell(key, requires(kind, name, value))
        else:
            self._tell(key, f"missing key {name!r}", f"add `{name} = …`")

    def _unknown_tag(self, choice: Any, value: dict[str, Any], key: Key) -> None:
        kinds = _alternatives(choice)
        field = kinds[0].__struct_config__.tag_field or "type"
        tags = [str(kind.__struct_config__.tag) for kind in kinds]
        if field not in value and "" in tags:
            value[field] = ""  # left to what the table inherits
            self.examine(choice, value, key)
        elif field not in value:
            self._tell(key, f"missing key {field!r}", f"add `{field} = …`; known: {', '.join(tags)}")
        else:
            what = "unknown overlay type" if issubclass(kinds[0], Verb) else f"unknown {field}"
            word = value[field] if isinstance(value[field], str) else repr(value[field])
            self._tell((*key, field), f"{what} {word!r}", did_you_mean(word, tags) or f"known: {', '.join(tags)}")

    def _tell(self, key: Key, what: str, hint: str = "") -> None:
        self.told.append((key, overlay_prefix(key) + what, hint))


def requires(kind: type[msgspec.Struct], field: str, value: dict[str, Any]) -> str:
    """azldev's words for a key that an overlay lacks."""
    description = value.get("description") or "(no description)"
    return f"overlay type {kind.__struct_config__.tag} requires {field} field: {description}"


def overlay_prefix(key: Key) -> str:
    """azldev's words for the overlay that a key is part of; empty outside overlays."""
    for place, part in enumerate(key[:-1]):
        number = key[place + 1]
        if part == "overlays" and isinstance(number, int):
            owner = f" for component {key[1]}" if key[0] == "components" and place == 2 else ""
            return f"invalid overlay {number + 1}{owner}: "
    return ""


def _unknown_key(kind: Any, name: str) -> tuple[str, str]:
    if issubclass(kind, Verb) and (name in OVERLAY_KEYS or name == "archive"):
        return f"overlay type {kind.__struct_config__.tag} does not accept {name} field", "remove it"
    suffix = f" for type {str(kind.__struct_config__.tag)!r}" if _tag_field(kind) else ""
    return f"unknown key {name!r}{suffix}", did_you_mean(name, _fields(kind)) or "remove it"


def _is_irrelevant(kind: type[Any], name: str) -> bool:
    if not issubclass(kind, Verb) or name not in OVERLAY_KEYS:
        return False
    return (str(kind.__struct_config__.tag), name) not in REFUSED_OVERLAY_KEYS


def _in_words(message: str, kind: Any, value: Any) -> tuple[str, str]:
    """msgspec's message without its path and in plain words, and a hint."""
    message = re.sub(r" - at `[^`]*`$", "", message)
    if get_origin(_unwrapped(kind)) is typing.Literal and isinstance(value, str):
        words = [word for word in get_args(_unwrapped(kind)) if word]
        return f"{value!r} is not one of {', '.join(words)}", did_you_mean(value, words)
    if match := re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", message):
        wanted = " or ".join(_WORDS.get(word.strip(), word.strip()) for word in match[1].split("|"))
        return f"expected {wanted.removesuffix(' or nothing')}, got {_WORDS.get(match[2], match[2])}", ""
    if re.fullmatch(r"Expected `\w+` of length >= 1", message):
        return "must not be empty", ""
    if match := re.fullmatch(r"Expected `str` matching regex (.+)", message):
        described = next((meta.description for meta in kind.__metadata__ if meta.description), f"matched by {match[1]}")
        return f"{value!r} is not {described}", ""
    return message[:1].lower() + message[1:], ""


@functools.cache
def _fields(kind: Any) -> dict[str, FieldInfo]:
    """The fields of a table's type by their keys."""
    if not _is_dataclass(kind):
        return {field.encode_name: field for field in struct_fields(kind)}
    types = typing.get_type_hints(kind, include_extras=True)
    return {
        field.name: FieldInfo(field.name, field.name, types[field.name], *_defaults(field))
        for field in dataclasses.fields(kind)
    }


def _defaults(field: dataclasses.Field[Any]) -> tuple[Any, Any]:
    """The default and the default's factory, in msgspec's words."""
    default, factory = field.default, field.default_factory
    return (
        msgspec.NODEFAULT if default is dataclasses.MISSING else default,
        msgspec.NODEFAULT if factory is dataclasses.MISSING else factory,
    )


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _is_dataclass(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _is_table(kind: Any) -> bool:
    return _is_struct(kind) or _is_dataclass(kind)


def _is_path(kind: Any) -> bool:
    return kind == KeyAddress or kind is Path


def _tag_field(kind: type[Any]) -> str | None:
    """The key that tells which of several classes a table is of; dataclasses have none."""
    return kind.__struct_config__.tag_field if issubclass(kind, msgspec.Struct) else None


def _unwrapped(kind: Any) -> Any:
    """A type without its annotations and without `None`."""
    if get_origin(kind) is typing.Annotated:
        return _unwrapped(get_args(kind)[0])
    if get_origin(kind) in (UnionType, typing.Union):
        others = [part for part in get_args(kind) if part is not NoneType]
        return _unwrapped(others[0]) if len(others) == 1 else kind
    return kind


def _alternatives(kind: Any) -> list[type[msgspec.Struct]]:
    return (
        [part for part in get_args(kind) if _is_struct(part)] if get_origin(kind) in (UnionType, typing.Union) else []
    )


def _concrete(kind: Any, value: Any) -> Any:
    """The type that a value is meant to have: of tagged classes, the one with the value's tag."""
    kind, tag_field, tagged = _choices(kind)
    tag = value.get(tag_field) if tagged and isinstance(value, dict) else None
    return tagged.get(tag, kind) if isinstance(tag, str) else kind


def _mend_tag(kind: Any, value: Any) -> None:
    """Gives the key that chooses among tagged classes its own letter case."""
    _, tag_field, _ = _choices(kind)
    if tag_field and isinstance(value, dict) and tag_field not in value:
        written = next((name for name in value if name.lower() == tag_field), None)
        if written is not None:
            value[tag_field] = value.pop(written)


@functools.cache
def _others(kind: Any) -> dict[str, FieldInfo]:
    """The keys of all tagged classes that a type is a choice of."""
    return {name: field for choice in _choices(kind)[2].values() for name, field in _fields(choice).items()}


@functools.cache
def _choices(kind: Any) -> tuple[Any, str, dict[str, type[msgspec.Struct]]]:
    """A type without its annotations; if it is one of tagged classes, the key of the tag and the class of each tag."""
    if kind == KeyAddress:
        return kind, "", {}
    kind = _unwrapped(kind)
    classes = [choice for choice in _alternatives(kind) if choice.__struct_config__.tag_field]
    tag_field = classes[0].__struct_config__.tag_field if classes else ""
    return kind, tag_field or "", {str(choice.__struct_config__.tag): choice for choice in classes}


@functools.cache
def _fields_with_paths(kind: Any) -> dict[str, FieldInfo]:
    return {name: field for name, field in _fields(kind).items() if _holds(field.type, _is_path)}


@functools.cache
def _holds(kind: Any, wanted: Callable[[Any], bool]) -> bool:
    """Whether a type, or one in it, is a wanted one."""
    if wanted(kind):
        return True
    if _is_table(kind):
        return any(_holds(field.type, wanted) for field in _fields(kind).values())
    return kind != KeyAddress and any(_holds(part, wanted) for part in get_args(kind) if part is not Ellipsis)
