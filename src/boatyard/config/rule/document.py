"""All rules for one file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from boatyard.config.fault import Fault
from boatyard.config.rule.buildroot import buildroot_rules
from boatyard.config.rule.component import component_rules, explicit_rules, publish_rules, reference_rules
from boatyard.config.rule.image import image_rules, test_suite_rules
from boatyard.config.rule.name import are_file_names, file_name_problem
from boatyard.config.rule.overlay import addition, metadata_rules, overlay_additions
from boatyard.config.rule.resource import resource_rules
from boatyard.config.shape import overlay_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.file import ConfigFile, Document
    from boatyard.config.model.distro import Distro
    from boatyard.config.model.package import PackageGroup
    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key

ADDED_SECTIONS = ("buildroot", "channels", "signing", "seeds")


def document_faults(document: Document, *, additions: bool) -> list[Fault]:
    """What is wrong with a file. `additions`: it belongs to a boatyard.toml, so Boatyard's own keys may be used."""
    told = list(_rules(document.config, document.data))
    if not additions:
        told.extend(addition(key) for key in _additions(document.data))
    return [Fault(document.path, key, overlay_prefix(key) + what, hint) for key, what, hint in told]


def _rules(config: ConfigFile, data: dict[str, Any]) -> Iterator[Told]:
    yield from _component_tables_rules(config, data.get("components", {}))
    if (own := config.project.default_distro.name) and (problem := file_name_problem(own)):
        yield ("project", "default-distro", "name"), problem, "folders are named by it"
    yield from reference_rules(config.project.default_distro, ("project", "default-distro"))
    for name, distro in config.distros.items():
        yield from _distro_rules(distro, ("distros", name))
    yield from publish_rules(config.default_package_config.publish, ("default-package-config", "publish"))
    for name, packages in config.package_groups.items():
        yield from _package_group_rules(packages, ("package-groups", name))
    for name, image in config.images.items():
        yield from image_rules(name, image, ("images", name))
    for name, suite in config.test_suites.items():
        yield from test_suite_rules(name, suite, ("test-suites", name))
    yield from resource_rules(config.resources, ("resources",))
    yield from buildroot_rules(config.buildroot)
    for section, names in (("channels", config.channels), ("seeds", config.seeds), ("distros", config.distros)):
        for name in names:
            if problem := file_name_problem(name):
                yield (section, name), problem, ""


def _component_tables_rules(config: ConfigFile, written: dict[str, Any]) -> Iterator[Told]:
    if not are_file_names(written):
        for name in written:
            if problem := file_name_problem(name):
                yield ("components", name), problem, "the name of a component is also that of its spec and folders"
    for name, table in written.items():
        if table:  # most are empty, thousands of them
            key: Key = ("components", name)
            yield from explicit_rules(config.components[name], key)
            yield from component_rules(config.components[name], key)
    yield from component_rules(config.default_component_config, ("default-component-config",))
    for name, group in config.component_groups.items():
        key = ("component-groups", name)
        yield from component_rules(group.default_component_config, (*key, "default-component-config"))
        if group.metadata is not None:
            yield from metadata_rules(group.metadata, (*key, "metadata"))


def _distro_rules(distro: Distro, key: Key) -> Iterator[Told]:
    for name, version in distro.versions.items():
        place = (*key, "versions", name)
        yield from component_rules(version.default_component_config, (*place, "default-component-config"))
        for table, inputs in (("rpm-build", version.inputs.rpm_build), ("image-build", version.inputs.image_build)):
            for number, entry in enumerate(inputs):
                if bool(entry.repo) == bool(entry.set):
                    yield (*place, "inputs", table, number), "exactly one of repo and set is needed", ""


def _package_group_rules(group: PackageGroup, key: Key) -> Iterator[Told]:
    if len(set(group.packages)) < len(group.packages):
        for name in sorted(name for name, count in Counter(group.packages).items() if count > 1):
            yield (*key, "packages", group.packages.index(name)), f"duplicate package {name!r}", "remove one of them"
    if "" in group.packages:
        yield (*key, "packages", group.packages.index("")), "a package has a name", "remove the empty text"
    yield from publish_rules(group.default_package_config.publish, (*key, "default-package-config", "publish"))


def _additions(data: dict[str, Any]) -> Iterator[Key]:
    """Boatyard's own keys, which azldev would refuse."""
    yield from ((section,) for section in ADDED_SECTIONS if section in data)
    if "merge-components" in data.get("project", {}):
        yield "project", "merge-components"
    for name, image in data.get("images", {}).items():
        if "native" in image:
            yield "images", name, "native"
        if image.get("definition", {}).get("type") == "native":
            yield "images", name, "definition", "type"
    for key, table in _component_tables(data):
        if not table:
            continue
        if "seed" in table:
            yield (*key, "seed")
        if table.get("spec", {}).get("type") == "deb":
            yield (*key, "spec", "type")
        yield from overlay_additions(table.get("overlays", []), (*key, "overlays"))
        for number, source in enumerate(table.get("source-files", [])):
            if source.get("origin", {}).get("type") in ("signing-key", "python-package", "deb-source"):
                yield (*key, "source-files", number, "origin", "type")


def _component_tables(data: dict[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every table of the shape of a component, with its key."""
    default = "default-component-config"
    for name, table in data.get("components", {}).items():
        yield ("components", name), table
    yield (default,), data.get(default, {})
    for name, group in data.get("component-groups", {}).items():
        yield ("component-groups", name, default), group.get(default, {})
    for name, distro in data.get("distros", {}).items():
        for version, table in distro.get("versions", {}).items():
            yield ("distros", name, "versions", version, default), table.get(default, {})
