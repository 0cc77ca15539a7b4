"""A loaded project: everything its files say, merged, inherited and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from boatyard.base.error import NotFoundError, did_you_mean
from boatyard.base.where import Where
from boatyard.config.fault import dotted
from boatyard.config.read import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.config.fault import Fault
    from boatyard.config.file import Document
    from boatyard.config.merge import Merged
    from boatyard.config.model.buildroot import Buildroot
    from boatyard.config.model.channel import Channel, Signing
    from boatyard.config.model.component import Component, ComponentGroup, DistroRef
    from boatyard.config.model.distro import Distro, DistroVersion
    from boatyard.config.model.image import Image
    from boatyard.config.model.native_image import NativeImage
    from boatyard.config.model.package import PackageConfig, PackageGroup
    from boatyard.config.model.project import Settings, Tools
    from boatyard.config.model.resource import Resources, RpmRepo
    from boatyard.config.model.seed import Seed
    from boatyard.config.model.test_suite import TestSuite
    from boatyard_installer.locate import Key


class Project(msgspec.Struct, frozen=True):
    """`root` is the file it was loaded from, `dir` its folder. All paths are absolute.

    `components` hold all they inherit; `group_members` also those that a group's patterns found. `repos` are the
    repositories with sets expanded. `warnings` are faults that only `permissive` loading lets pass.
    """

    root: Path
    settings: Settings
    distros: Mapping[str, Distro]
    components: Mapping[str, Component]
    groups: Mapping[str, ComponentGroup]
    group_members: Mapping[str, tuple[str, ...]]
    images: Mapping[str, Image]
    test_suites: Mapping[str, TestSuite]
    default_package: PackageConfig
    package_groups: Mapping[str, PackageGroup]
    channels: Mapping[str, Channel]
    signing: Signing
    seeds: Mapping[str, Seed]
    buildroot: Buildroot
    resources: Resources
    repos: Mapping[str, RpmRepo]
    tools: Tools
    documents: tuple[Document, ...]
    merged: Merged
    warnings: tuple[Fault, ...] = ()

    @property
    def dir(self) -> Path:
        """The folder of the root file; results go below it unless the settings say otherwise."""
        return self.root.parent

    @property
    def name(self) -> str:
        """The name of the distribution it builds, else of its folder."""
        return self.settings.default_distro.name or self.dir.name

    @property
    def native_images(self) -> dict[str, NativeImage]:
        """The images Boatyard assembles itself, by name."""
        return {name: image.native for name, image in self.images.items() if image.native is not None}

    def component(self, name: str) -> Component:
        """A component by name; NotFoundError with the nearest names."""
        if name not in self.components:
            raise NotFoundError(f"component not found: {name}", hint=did_you_mean(name, self.components))
        return self.components[name]

    def image(self, name: str) -> Image:
        """An image by name; NotFoundError with the nearest names."""
        if name not in self.images:
            raise NotFoundError(f"image not found: {name}", hint=did_you_mean(name, self.images))
        return self.images[name]

    def distro_version(self, reference: DistroRef | None = None) -> tuple[Distro, DistroVersion]:
        """The distribution and version of a reference (default: that of the project); NotFoundError when undefined."""
        wanted = reference if reference is not None and reference.name else self.settings.default_distro
        if not wanted.name:
            raise NotFoundError(
                "no default distro selected", hint="add `default-distro = { name = …, version = … }` to [project]"
            )
        if wanted.name not in self.distros:
            raise NotFoundError(f"distro not found: {wanted.name}", hint=did_you_mean(wanted.name, self.distros))
        distro = self.distros[wanted.name]
        version = wanted.version or distro.default_version
        if version not in distro.versions:
            what = f"distro {wanted.name} has no version {version!r}" if version else "no distro version selected"
            raise NotFoundError(what, hint=did_you_mean(version, distro.versions))
        return distro, distro.versions[version]

    def seed_of(self, component: Component) -> tuple[str, Seed]:
        """The seed, with its name, that a component of type deb is repackaged from; NotFoundError when undefined."""
        return self.seed_named(getattr(component.spec, "seed", ""), component)

    def seed_named(self, name: str, component: Component) -> tuple[str, Seed]:
        """A seed that a component names, with its name; an empty name means the only one. NotFoundError as above."""
        name = name or (next(iter(self.seeds)) if len(self.seeds) == 1 else "")
        if name not in self.seeds:
            what = f"component {component.name} names no seed" if not name else f"seed not found: {name}"
            raise NotFoundError(what, hint=did_you_mean(name, self.seeds) or "add [seeds.<name>]")
        return name, self.seeds[name]

    def where(self, *key: str | int) -> Where | None:
        """The file and line that an entry comes from, as in `where("components", "bash")`; reads the file again."""
        from boatyard_installer.locate import line_of

        wanted: Key = key
        file = self.merged.files.get(wanted) or self.merged.files.get(wanted[:2]) or self.merged.files.get(wanted[:1])
        if file is None:
            return None
        text = read_text(file)
        return Where(file, line_of(text, wanted) if isinstance(text, str) else 0, dotted(wanted))
