"""Merges the files of a project, in order: later values win, section by section in azldev's way.

Empty texts, lists and tables never override. Unlike azldev, a `false` that is written does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from boatyard.config.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boatyard.config.file import Document
    from boatyard_installer.locate import Key

Raw = dict[str, Any]
Lists = Literal["append", "replace"]

# Tables of entries: an entry of the same name is replaced whole.
_MAPS = frozenset(("packages", "defines", "versions"))
# An empty list here says that nothing is inherited.
REPLACED_LIST = "overlay-files"

_FIELD_WISE = ("project", "tools", "default-package-config", "signing", "buildroot")
_UNIQUE = {
    "component-groups": "component group",
    "components": "component",
    "images": "image",
    "package-groups": "package group",
    "test-suites": "test suite",
}
_RESOURCES = ("rpm-repos", "rpm-repo-set-templates", "rpm-repo-sets")


class Merged(msgspec.Struct):
    """All files as one: tables as written (paths anchored), and the file that each named entry comes from.

    `files` maps the key of an entry, as in `("components", "bash")`, to the first file that has it.
    """

    sections: dict[str, Raw] = msgspec.field(default_factory=dict)
    files: dict[Key, Path] = msgspec.field(default_factory=dict)
    faults: list[Fault] = msgspec.field(default_factory=list)

    def section(self, name: str) -> Raw:
        """The table of a section; empty when no file has it."""
        return self.sections.setdefault(name, {})


def merge(documents: Iterable[Document], *, merge_components: bool = False) -> Merged:
    """The files as one. `merge_components`: a component may be spread over several files."""
    merged = Merged()
    for document in documents:
        for section, table in document.data.items():
            if not isinstance(table, dict) or not table:
                continue
            if section in _UNIQUE:
                _add_entries(merged, section, table, document.path, merge_components=merge_components)
            elif section in _FIELD_WISE:
                merged.sections[section] = over(merged.section(section), table, lists="replace")
                merged.files.setdefault((section,), document.path)
            elif section == "default-component-config":
                merged.sections[section] = over(merged.section(section), table, lists="append")
                merged.files.setdefault((section,), document.path)
            elif section == "resources":
                _add_resources(merged, table, document.path)
            else:  # distros, channels, seeds
                _add_field_wise(merged, section, table, document.path)
    return merged


def over(low: Raw, high: Raw, *, lists: Lists) -> Raw:
    """`high` laid over `low`; neither is changed, and the result may share values with both."""
    if not high:
        return low
    result = dict(low)
    for key, value in high.items():
        if value in ("", [], {}) and key != REPLACED_LIST:
            continue
        old = low.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            result[key] = {**old, **value} if key in _MAPS else over(old, value, lists=lists)
        elif isinstance(value, list) and isinstance(old, list) and lists == "append" and key != REPLACED_LIST:
            result[key] = old + value
        else:
            result[key] = value
    return result


def _add_entries(merged: Merged, section: str, table: Raw, file: Path, *, merge_components: bool) -> None:
    known = merged.section(section)
    for name, entry in table.items():
        key: Key = (section, name)
        if name not in known:
            known[name] = entry
            merged.files[key] = file
        elif section == "components" and merge_components:
            known[name] = over(known[name], entry, lists="append")
        else:
            hint = f"{merged.files[key]} has it too: remove one of them"
            if section == "components":
                hint += ", or set `merge-components = true` in [project] of a boatyard.toml"
            merged.faults.append(Fault(file, key, f"duplicate {_UNIQUE[section]}: {name}", hint))


def _add_resources(merged: Merged, table: Raw, file: Path) -> None:
    resources = merged.section("resources")
    for kind in _RESOURCES:
        for name, entry in table.get(kind, {}).items():
            resources.setdefault(kind, {})[name] = entry
            merged.files[("resources", kind, name)] = file


def _add_field_wise(merged: Merged, section: str, table: Raw, file: Path) -> None:
    known = merged.section(section)
    for name, entry in table.items():
        known[name] = over(known.get(name, {}), entry, lists="replace")
        merged.files.setdefault((section, name), file)
        for version in entry.get("versions", {}):
            merged.files[(section, name, "versions", version)] = file
