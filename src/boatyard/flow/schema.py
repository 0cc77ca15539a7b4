"""The JSON schemas of what people write in TOML, made from the dataclasses that it becomes."""

from __future__ import annotations

import dataclasses
import json
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from boatyard.trial import scenario
from boatyard_installer import answers
from boatyard_installer.decode import key_of, kinds_of

SIMPLE = {str: "string", int: "integer", bool: "boolean"}


def answers_schema() -> str:
    """The schema of the installer's answers as JSON text (draft 2020-12)."""
    return _schema(answers.Answers, "Answers of the installer", answers.SCHEMA)


def scenario_schema() -> str:
    """The schema of a trial's scenario as JSON text (draft 2020-12)."""
    return _schema(scenario.Scenario, "Scenario of a trial", scenario.SCHEMA)


def _schema(kind: type[Any], title: str, version: int) -> str:
    """Tables are closed, as they are for who reads them."""
    tables: dict[str, Any] = {}
    top = _reference(kind, tables)
    tables[kind.__name__]["properties"]["schema"] = {"const": version, "default": version}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return json.dumps(head | top | {"$defs": dict(sorted(tables.items()))}, indent=2) + "\n"


def _reference(kind: type[Any], tables: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in tables:
        tables[kind.__name__] = {}
        tables[kind.__name__] = _table(kind, tables)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _table(kind: type[Any], tables: dict[str, Any]) -> dict[str, Any]:
    kinds = kinds_of(kind)
    fields = {key_of(field.name): field for field in dataclasses.fields(kind)}
    properties = {name: _of(one, tables) | _default(fields[name]) for name, one in kinds.items()}
    missing = dataclasses.MISSING
    required = [name for name, one in fields.items() if one.default is missing and one.default_factory is missing]
    about = " ".join((kind.__doc__ or "").split())
    told = {"type": "object", "description": about, "properties": properties, "additionalProperties": False}
    return told | ({"required": required} if required else {})


def _default(field: dataclasses.Field[Any]) -> dict[str, Any]:
    simple = isinstance(field.default, str | int) and field.default != ""
    return {"default": field.default} if simple else {}


def _of(kind: Any, tables: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) in (UnionType, Union):
        kind = next(option for option in get_args(kind) if option is not NoneType)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _reference(kind, tables)
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], tables)}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    return {"type": SIMPLE[kind]}
