"""Edits configuration files. What is there, comments and all, stays as it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.fault import Fault, dotted
from boatyard.config.load import OWN_ROOT
from boatyard.config.model.component import ComponentConfig
from boatyard.config.read import parse, read_text
from boatyard.config.rule.component import component_rules
from boatyard.config.rule.name import file_name_problem
from boatyard.config.shape import Examiner, convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boatyard.config.project import Project


def new_component_tables(project: Project, names: Sequence[str], spec: Mapping[str, str]) -> str:
    """The text of the root file with a table for each new component at its end; ConfigError when it cannot be so.

    `spec` is the spec table of each; for type deb the source package, and the one binary package taken of it, are
    named like the component.
    """
    text = read_text(project.root)
    if isinstance(text, Fault):
        raise ConfigError(text.what, where=Where(project.root))
    for name in names:
        text = text.rstrip("\n") + "\n\n" + _table(project, name, dict(spec))
        if names.count(name) > 1 or name in project.components:
            raise ConfigError(f"component exists already: {name}", where=project.where("components", name))
    try:
        parse(text)
    except ValueError as error:
        what = f"a table cannot be added at the end: {error}"
        raise ConfigError(what, where=Where(project.root), hint="add the component by hand") from error
    return text


def _table(project: Project, name: str, spec: dict[str, str | list[str]]) -> str:
    if spec.get("type") == "deb":
        if project.root.name != OWN_ROOT:
            raise ConfigError("a component of type deb needs a boatyard.toml", where=Where(project.root))
        spec |= {"source": name, "binaries": [name]}
    raw: dict[str, object] = {"spec": spec} if spec else {}
    if problem := file_name_problem(name):
        raise ConfigError(problem)
    examiner = Examiner()
    examiner.examine(ComponentConfig, raw)
    told = examiner.told
    if not told:
        config = convert(raw, ComponentConfig)
        told = list(component_rules(config, (name,)))
    if told:
        raise ConfigError(told[0][1], hint=told[0][2])
    header = f"[{dotted(('components', name))}]\n"
    if not spec:
        return header
    return header + "spec = { " + ", ".join(f"{key} = {_value(value)}" for key, value in spec.items()) + " }\n"


def _value(value: str | list[str]) -> str:
    """A TOML string or list of strings; JSON's escapes are among TOML's, but for DEL."""
    return re.sub("\x7f", r"\\u007f", json.dumps(value, ensure_ascii=False))
