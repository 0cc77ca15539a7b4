"""Configuration as data for machines: azldev's JSON (camelCase keys), TOML, and where each value comes from."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from boatyard.config.file import ConfigFile
from boatyard.config.merge import REPLACED_LIST
from boatyard.config.read import read_text
from boatyard.config.shape import convert
from boatyard_installer.locate import Key, key_lines, nearest

if TYPE_CHECKING:
    from boatyard.config.model.component import Component
    from boatyard.config.project import Project


_NOTHING: tuple[object, ...] = (None, "", (), {}, False)


class Origin(msgspec.Struct, frozen=True):
    """One value of the configuration and the line that sets it."""

    key: Key
    value: object
    file: Path
    line: int


def merged_tables(project: Project) -> dict[str, Any]:
    """The merged files as TOML tables, before anything is inherited. Paths are absolute."""
    tables = {name: table for name, table in project.merged.sections.items() if table}
    tables["project"] = msgspec.to_builtins(project.settings, enc_hook=str)
    return dict(sorted(tables.items()))


def merged_json(project: Project) -> dict[str, object]:
    """The merged files in azldev's JSON: keys in camelCase, names as they are."""
    config: ConfigFile = convert(merged_tables(project), ConfigFile)
    return {
        name: value
        for name, value in _camel_table(config).items()
        if name not in ("$schema", "includes") and value != {}
    }


def component_json(component: Component, rendered_specs_dir: Path) -> dict[str, object]:
    """A component with all it inherits, in azldev's JSON; `file` and `groups` are added."""
    table = _camel_table(component)
    if not table["seed"]:
        del table["seed"]  # Boatyard's own, unknown to azldev's readers
    name = component.name
    return {"name": name, "renderedSpecDir": str(rendered_specs_dir / name[0].lower() / name)} | table


def to_json_data(value: Any) -> Any:
    """A value of the model in azldev's JSON: empty texts and lists are left out, tables are always there."""
    if isinstance(value, msgspec.Struct):
        return _camel_table(value)
    if dataclasses.is_dataclass(value):
        items = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: to_json_data(item) for name, item in items if item not in _NOTHING}
    if isinstance(value, dict):
        return {str(key): to_json_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_data(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _camel_table(value: msgspec.Struct) -> dict[str, Any]:
    config = value.__struct_config__
    table: dict[str, Any] = {config.tag_field: config.tag} if config.tag_field and config.tag else {}
    for name, field in zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True):
        item = getattr(value, field)
        if item not in _NOTHING:
            table[_camel(name)] = to_json_data(item)
    return table


def _camel(key: str) -> str:
    return re.sub("[-_](.)", _upper, key)


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()


def origins(project: Project) -> list[Origin]:
    """Every value in force with the line that sets it, by key. Where lists add up, each file that adds is told."""
    found: dict[tuple[Key, Path | None], Origin] = {}
    for document in project.documents:
        text = read_text(document.path)
        lines = key_lines(text) if isinstance(text, str) else {}
        for key, value in _leaves(document.data, ()):
            merged = _at(key, project.merged.sections)
            adds = _adds_up(key, value)
            if merged == value or (adds and value and isinstance(merged, list)):
                found[key, document.path if adds else None] = Origin(key, value, document.path, nearest(lines, key))
    return sorted(found.values(), key=_by_key)


def _adds_up(key: Key, value: object) -> bool:
    """Whether the files' lists are joined at a key, instead of one taking the place of another."""
    return isinstance(value, list) and key[0] in ("components", "default-component-config") and key[-1] != REPLACED_LIST


def _at(key: Key, tables: dict[str, Any]) -> object:
    """The value at a key, None where there is none: of a file that another one replaced."""
    found: Any = tables
    for part in key:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _by_key(origin: Origin) -> tuple[list[str], str]:
    return [str(part) for part in origin.key], str(origin.file)


def _leaves(value: dict[str, Any], key: Key) -> list[tuple[Key, object]]:
    leaves: list[tuple[Key, object]] = []
    for name, item in value.items():
        if isinstance(item, dict) and item:
            leaves.extend(_leaves(item, (*key, name)))
        else:
            leaves.append(((*key, name), item))
    return leaves
