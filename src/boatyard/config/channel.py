"""Which channel a package is published to, and which setting decided it (azldev: package and component publishing)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.config.model.component import Component
    from boatyard.config.model.package import PackagePublish
    from boatyard.config.project import Project

# A whole segment of the name: elfutils-debuginfod is no debug package.
DEBUG_PACKAGE = re.compile(r"-(debuginfo|debugsource)(-|$)")


@dataclass(frozen=True, slots=True)
class Published:
    """A channel (empty: none is configured) and the TOML key that decides; empty when none does."""

    channel: str
    why: str


def channel_of(project: Project, component: Component | None, package: str) -> Published:
    """The channel of one RPM: default, then component, then package group, then the component's entry for the package."""
    debug = bool(DEBUG_PACKAGE.search(package))
    published = _laid_over(Published("", ""), project.default_package.publish, debug, "default-package-config.publish")
    if component is not None:
        own = component.publish.debuginfo_channel if debug else component.publish.rpm_channel
        if own:
            key = "debuginfo-channel" if debug else "rpm-channel"
            published = Published(own, f"components.{component.name}.publish.{key}")
    for name, group in project.package_groups.items():
        if package in group.packages:
            place = f"package-groups.{name}.default-package-config.publish"
            published = _laid_over(published, group.default_package_config.publish, debug, place)
            break
    if component is not None and package in component.packages:
        place = f"components.{component.name}.packages.{package}.publish"
        published = _laid_over(published, component.packages[package].publish, debug, place)
    return published


def _laid_over(below: Published, publish: PackagePublish, debug: bool, place: str) -> Published:
    if debug:
        return (
            Published(publish.debuginfo_channel, f"{place}.debuginfo-channel") if publish.debuginfo_channel else below
        )
    if publish.rpm_channel:
        return Published(publish.rpm_channel, f"{place}.rpm-channel")
    return Published(publish.channel, f"{place}.channel") if publish.channel else below
