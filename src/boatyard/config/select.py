"""Chooses components by name, glob, group or spec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from boatyard.base.error import ConfigError, NotFoundError, Problem, did_you_mean
from boatyard.base.glob import compile_name, has_magic
from boatyard.config.model.component import LocalSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. A name may be a glob; nothing at all selects nothing."""

    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    specs: tuple[Path, ...] = ()
    everything: bool = False

    @property
    def empty(self) -> bool:
        return not (self.names or self.groups or self.specs or self.everything)


def select(project: Project, selection: Selection) -> list[Component]:
    """The components selected, in the order of the project's files.

    NotFoundError tells every name, group and spec that there is not; a glob may match nothing.
    """
    if selection.everything:
        return list(project.components.values())
    chosen, missing = set[str](), list[Problem]()
    for name in selection.names:
        found = match_names(name, project.components)
        chosen.update(found)
        if not found and not has_magic(name):
            missing.append(Problem(f"component not found: {name}", hint=did_you_mean(name, project.components)))
    for group in selection.groups:
        if group in project.group_members:
            chosen.update(project.group_members[group])
        else:
            missing.append(Problem(f"component group not found: {group}", hint=did_you_mean(group, project.groups)))
    for spec in selection.specs:
        wanted = Path(os.path.normpath(Path.cwd() / spec))
        found = [name for name, component in project.components.items() if _has_spec(component, wanted)]
        chosen.update(found)
        if not found:
            missing.append(Problem(f"no component has the spec {spec}"))
    if missing:
        error = NotFoundError(missing[0].what)
        error.problems = tuple(missing)
        raise error
    return [component for name, component in project.components.items() if name in chosen]


def match_names(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a glob (or a plain name) matches, in their order; ConfigError for a malformed glob."""
    if not has_magic(pattern):
        return [name for name in names if name == pattern]
    try:
        expression = compile_name(pattern)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return [name for name in names if expression.fullmatch(name)]


def _has_spec(component: Component, path: Path) -> bool:
    return isinstance(component.spec, LocalSpec) and component.spec.path == path
