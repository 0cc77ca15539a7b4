"""TOML as the nodes that YAML is read into, so that both are understood by the same code."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.base.yaml_text import DEEPEST, Listing, Scalar, Table
from boatyard_installer.locate import Key, key_lines, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.base.yaml_text import Node

TAGS = {bool: "bool", int: "int", float: "float", str: "str"}


def read_toml(text: str, file: Path) -> Table:
    """The file's table, with the line of every key; ConfigError when it is no TOML."""
    try:
        value = tomllib.loads(text)
    except ValueError as error:  # also for a number of thousands of digits
        found = re.search(r"line (\d+)", str(error))
        raise ConfigError(f"not valid TOML: {error}", where=Where(file, int(found[1]) if found else 0)) from None
    except RecursionError:
        raise ConfigError("nested too deeply", where=Where(file)) from None
    node = _node(value, (), key_lines(text), file)
    assert isinstance(node, Table)
    return node


def _node(value: Any, key: Key, lines: Mapping[Key, int], file: Path) -> Node:
    line = nearest(lines, key) or 1
    if len(key) > DEEPEST:
        raise ConfigError("nested too deeply", where=Where(file, line))
    if isinstance(value, dict):
        pairs = tuple(
            (Scalar(name, "str", nearest(lines, (*key, name)) or line, 1, line), _node(one, (*key, name), lines, file))
            for name, one in value.items()
        )
        return Table(pairs, line, 1, {name.text: one for name, one in pairs})
    if isinstance(value, list):
        return Listing(tuple(_node(one, (*key, at), lines, file) for at, one in enumerate(value)), line, 1)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Scalar(text, TAGS.get(type(value), "str"), line, 1, line)
