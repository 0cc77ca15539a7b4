"""Components with all they inherit: distribution version, project, groups in the order of their names, component."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from boatyard.base.error import did_you_mean
from boatyard.base.glob import compile_path
from boatyard.config.expand import expand
from boatyard.config.fault import Fault
from boatyard.config.merge import Merged, Raw, over
from boatyard.config.model.component import Component, Spec
from boatyard.config.rule.name import file_name_problem
from boatyard.config.shape import Examiner, convert, keys_of

if TYPE_CHECKING:
    from boatyard.config.overlay_file import OverlayFiles
    from boatyard_installer.locate import Key

_DEFAULT = "default-component-config"


class Resolver(msgspec.Struct):
    """Resolves all components of the merged files; what is wrong is added to `faults`."""

    merged: Merged
    distro_default: Raw
    overlay_files: OverlayFiles
    faults: list[Fault] = msgspec.field(default_factory=list)
    group_members: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    _groups_of: dict[str, list[str]] = msgspec.field(default_factory=dict)
    _own: dict[str, Raw] = msgspec.field(default_factory=dict)
    _files: dict[str, Path] = msgspec.field(default_factory=dict)
    _layers: dict[tuple[str, ...], Raw] = msgspec.field(default_factory=dict)
    _plain: dict[tuple[tuple[str, ...], int], Component] = msgspec.field(default_factory=dict)

    def components(self) -> dict[str, Component]:
        """Every component by name, in the order of the files."""
        self._own = dict(self.merged.section("components"))
        self._files = {name: self.merged.files["components", name] for name in self._own}
        for group in sorted(self.merged.section("component-groups")):
            self._join(group, self.merged.section("component-groups")[group])
        resolved: dict[str, Component] = {}
        for name in self._own:
            component = self._component(name)
            if component is not None:
                resolved[name] = component
        return resolved

    def _join(self, group: str, table: Raw) -> None:
        """Notes the members of a group; specs that its patterns find become components."""
        file = self.merged.files["component-groups", group]
        members: dict[str, None] = {}
        for number, name in enumerate(table.get("components", [])):
            if name in self._own:
                members[name] = None
            else:
                key: Key = ("component-groups", group, "components", number)
                what = f"undefined component reference: component group {group!r} references component {name!r}"
                self.faults.append(Fault(file, key, what, did_you_mean(name, self._own) or f"add [components.{name}]"))
        for spec in self._found_specs(group, table, file):
            self._discover(spec, file, group)
            members[spec.stem] = None
        for name in members:
            self._groups_of.setdefault(name, []).append(group)
        self.group_members[group] = tuple(members)

    def _found_specs(self, group: str, table: Raw, file: Path) -> list[Path]:
        key: Key = ("component-groups", group)
        try:
            excluded = [compile_path(pattern.lstrip("/")) for pattern in table.get("excluded-paths", [])]
            found = [path for pattern in table.get("specs", []) for path in expand(Path("/"), pattern)]
        except (ValueError, OSError) as error:
            self.faults.append(Fault(file, (*key, "specs"), f"cannot look for specs: {error}"))
            return []
        kept: dict[Path, None] = {}
        for path in found:
            if path.suffix != ".spec" or any(rule.fullmatch(str(path).lstrip("/")) for rule in excluded):
                continue
            if problem := file_name_problem(path.stem):
                what = f"a component cannot be called so: {problem}"
                self.faults.append(Fault(file, (*key, "specs"), what, f"rename {path}, or add it to excluded-paths"))
            else:
                kept[path] = None
        return list(kept)

    def _discover(self, spec: Path, file: Path, group: str) -> None:
        name = spec.stem
        found = {"type": "local", "path": str(spec)}
        own = self._own.get(name)
        if own is None:
            self._own[name] = {"spec": found}
            self._files[name] = spec
            return
        stated = own.get("spec", {}).get("path")
        if stated is None:
            self._own[name] = own | {"spec": own.get("spec", {}) | found}
        elif stated != str(spec):
            what = f"component {name!r} has two specs: {stated} and {spec}"
            hint = "name one of them otherwise, or add it to excluded-paths of the group"
            self.faults.append(Fault(file, ("component-groups", group, "specs"), what, hint))

    def _component(self, name: str) -> Component | None:
        groups = tuple(self._groups_of.get(name, ()))
        own, file = self._own[name], self._files[name]
        if own:
            return self._resolved(name, groups, own, file)
        # Most components say nothing of their own, and are alike but for the name.
        known = self._plain.get((groups, id(file)))
        if known is None:
            known = self._resolved(name, groups, own, file)
            if known is None:
                return None
            self._plain[groups, id(file)] = known
        return msgspec.structs.replace(known, name=name)

    def _resolved(self, name: str, groups: tuple[str, ...], own: Raw, file: Path) -> Component | None:
        raw = over(self._inherited(groups), own, lists="append")
        patterns = raw.get("overlay-files", [])
        raw = raw | {"name": name, "file": str(file), "groups": groups, "spec": _fitting_spec(raw.get("spec", {}))}
        key: Key = ("components", name)
        try:
            component: Component = convert(raw, Component)
        except msgspec.ValidationError as error:
            examiner = Examiner()
            examiner.examine(Component, raw)
            told = examiner.told or [((), str(error), "")]
            self.faults.extend(
                Fault(file, (*key, *place), f"component {name!r}: {what}", hint) for place, what, hint in told
            )
            return None
        if patterns:
            extra = self.overlay_files.overlays(patterns, file, key)
            component = msgspec.structs.replace(component, overlays=component.overlays + extra)
        return component

    def _inherited(self, groups: tuple[str, ...]) -> Raw:
        if groups not in self._layers:
            layer = over(self.distro_default, self.merged.section(_DEFAULT), lists="append")
            for group in groups:
                table: dict[str, Any] = self.merged.section("component-groups")[group]
                layer = over(layer, table.get(_DEFAULT, {}), lists="append")
            self._layers[groups] = layer
        return self._layers[groups]


def _fitting_spec(spec: Raw) -> Raw:
    """The keys of a merged spec that its type has: a local spec does not inherit the name of an upstream one."""
    spec = {"type": "", **spec}
    known = keys_of(Spec, spec)
    return {key: value for key, value in spec.items() if key in known} if known else spec
