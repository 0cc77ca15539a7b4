"""One configuration file as a typed value: every section the format has."""

from pathlib import Path

import msgspec

from boatyard.config.model.buildroot import Buildroot
from boatyard.config.model.channel import Channel, Signing
from boatyard.config.model.component import ComponentConfig, ComponentGroup
from boatyard.config.model.distro import Distro
from boatyard.config.model.image import Image
from boatyard.config.model.overlay import Metadata, Overlay
from boatyard.config.model.package import PackageConfig, PackageGroup
from boatyard.config.model.project import Settings, Tools
from boatyard.config.model.resource import Resources
from boatyard.config.model.seed import Seed
from boatyard.config.model.struct import Table
from boatyard.config.model.test_suite import TestSuite


class ConfigFile(Table, frozen=True, kw_only=True):
    """A file of the project, before anything is merged or inherited."""

    schema: str = msgspec.field(default="", name="$schema")
    includes: tuple[str, ...] = ()
    project: Settings = msgspec.field(default_factory=Settings)
    distros: dict[str, Distro] = msgspec.field(default_factory=dict)
    resources: Resources = Resources()
    components: dict[str, ComponentConfig] = msgspec.field(default_factory=dict)
    component_groups: dict[str, ComponentGroup] = msgspec.field(default_factory=dict)
    images: dict[str, Image] = msgspec.field(default_factory=dict)
    tools: Tools = Tools()
    default_component_config: ComponentConfig = ComponentConfig()
    default_package_config: PackageConfig = PackageConfig()
    package_groups: dict[str, PackageGroup] = msgspec.field(default_factory=dict)
    test_suites: dict[str, TestSuite] = msgspec.field(default_factory=dict)
    channels: dict[str, Channel] = msgspec.field(default_factory=dict)
    signing: Signing = Signing()
    seeds: dict[str, Seed] = msgspec.field(default_factory=dict)
    buildroot: Buildroot = Buildroot()


class OverlayFile(Table, frozen=True, kw_only=True):
    """A file named by `overlay-files`: overlays with one reason for all of them."""

    metadata: Metadata | None  # None stands for one that was wrong and is ignored; TOML cannot say so
    overlays: tuple[Overlay, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A file that was read: its keys as written, relative paths anchored, and the typed value made of them."""

    path: Path
    data: dict[str, object]
    config: ConfigFile
