"""Which channel a package is published to, and which table says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from boatyard.config.fault import dotted

if TYPE_CHECKING:
    from boatyard.config.model.component import Component, ComponentPublish
    from boatyard.config.model.package import PackagePublish
    from boatyard.config.project import Project
    from boatyard_installer.locate import Key

# A segment of the name, so that elfutils-debuginfod is no debug package and kernel-debuginfo-common is one.
_DEBUG = re.compile(r".*-(debuginfo|debugsource)(-.*)?")


@dataclass(frozen=True, slots=True)
class Published:
    """`channel` is empty when no table says anything, "none" when it is not to be published; `key` says why."""

    channel: str
    key: Key = ()

    @property
    def why(self) -> str:
        """The key as written in TOML."""
        return dotted(self.key)


@dataclass(frozen=True)
class Channels:
    """The channels of a project's packages. Made once, asked often."""

    project: Project

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The package group of each package that is in one."""
        return {package: name for name, group in self.project.package_groups.items() for package in group.packages}

    def of(self, package: str, component: str = "", *, debug: bool | None = None) -> Published:
        """The channel of a binary package, and the table that decides. `debug`: of the debug package made of it.

        From low to high: default-package-config, the component's `publish`, the package group, the component's
        `packages`. A component that is not known, as that of a package built elsewhere, decides nothing.
        """
        if debug is None:
            debug = is_debug_package(package)
        owner = self.project.components.get(component)
        group = self.group_of.get(package, "")
        steps: list[tuple[PackagePublish | ComponentPublish | None, Key]] = [
            (self.project.default_package.publish, ("default-package-config", "publish")),
            (owner.publish if owner else None, ("components", component, "publish")),
            (
                self.project.package_groups[group].default_package_config.publish if group else None,
                ("package-groups", group, "default-package-config", "publish"),
            ),
            (
                owner.packages[package].publish if owner and package in owner.packages else None,
                ("components", component, "packages", package, "publish"),
            ),
        ]
        decided = Published("")
        for publish, key in steps:
            if publish is not None and (found := _chosen(publish, debug=debug)):
                place = (*key, found[0])
                decided = Published(
                    found[1], self._stated(owner, place[2:]) if owner and key[0] == "components" else place
                )
        return decided

    def of_source(self, component: str) -> Published:
        """The channel of a component's source package."""
        owner = self.project.component(component)
        channel = owner.publish.srpm_channel
        return Published(channel, self._stated(owner, ("publish", "srpm-channel"))) if channel else Published("")

    def _stated(self, component: Component, path: Key) -> Key:
        """The key of a value of a component: in its own table, or in the one it inherits the value from."""
        default = "default-component-config"
        keys: list[Key] = [
            ("components", component.name),
            *(("component-groups", group, default) for group in reversed(component.groups)),
            (default,),
        ]
        for key in keys:
            table: object = self.project.merged.sections
            for part in (*key, *path):
                table = table.get(part) if isinstance(table, dict) else None
            if table:
                return (*key, *path)
        own = self.project.settings.default_distro
        version = own.version or self.project.distros[own.name].default_version
        return ("distros", own.name, "versions", version, default, *path)


def is_debug_package(name: str) -> bool:
    """Whether a package holds debugging symbols or sources, by its name."""
    return _DEBUG.fullmatch(name) is not None


def _chosen(publish: PackagePublish | ComponentPublish, *, debug: bool) -> tuple[str, str] | None:
    """The key and the channel that a table gives to a package."""
    if debug:
        return ("debuginfo-channel", publish.debuginfo_channel) if publish.debuginfo_channel else None
    if publish.rpm_channel:
        return "rpm-channel", publish.rpm_channel
    old = getattr(publish, "channel", "")  # azldev's first name of rpm-channel
    return ("channel", old) if old else None
