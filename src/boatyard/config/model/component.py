"""Components: what one spec builds, where the spec comes from and what is changed about it."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from boatyard.config.model.build import Build
from boatyard.config.model.overlay import Metadata, Overlay
from boatyard.config.model.package import PackageConfig
from boatyard.config.model.seed import DebSpec, SeedRules
from boatyard.config.model.source_file import SourceFile
from boatyard.config.model.struct import Table

Commit = Annotated[
    str, msgspec.Meta(pattern=r"^([0-9a-fA-F]{7,40})?$(?!\n)", description="a commit: 7 to 40 hexadecimal digits")
]


class DistroRef(Table, frozen=True, kw_only=True):
    """A version of a distribution, as it was at `snapshot` (RFC 3339)."""

    name: str = ""
    version: str = ""
    snapshot: str = ""


class LocalSpec(Table, frozen=True, kw_only=True, tag_field="type", tag="local"):
    """A spec of the project, with its files beside it."""

    path: Path
    upstream_distro: DistroRef = DistroRef()


class UpstreamSpec(Table, frozen=True, kw_only=True, tag_field="type", tag="upstream"):
    """A spec of another distribution's dist-git; `upstream_name` when it is called otherwise there."""

    upstream_distro: DistroRef = DistroRef()
    upstream_name: str = ""
    upstream_commit: Commit = ""


class UnstatedSpec(Table, frozen=True, kw_only=True, tag_field="type", tag=""):
    """A table that leaves the type of the spec to what it inherits."""

    upstream_distro: DistroRef = DistroRef()


Spec = LocalSpec | UpstreamSpec | DebSpec | UnstatedSpec


class Release(Table, frozen=True, kw_only=True):
    """How the release number goes up."""

    calculation: Literal["auto", "autorelease", "static", "manual"] = "auto"


class Render(Table, frozen=True, kw_only=True):
    """`skip-file-filter` keeps files the spec does not name."""

    skip_file_filter: bool = False


class ComponentPublish(Table, frozen=True, kw_only=True):
    """Channels of a component's packages."""

    rpm_channel: str = ""
    srpm_channel: str = ""
    debuginfo_channel: str = ""


class ComponentConfig(Table, frozen=True, kw_only=True):
    """`[components.<name>]` and every `default-component-config`."""

    spec: Spec = UnstatedSpec()
    release: Release = Release()
    overlays: tuple[Overlay, ...] = ()
    overlay_files: tuple[str, ...] = ()
    build: Build = Build()
    render: Render = Render()
    source_files: tuple[SourceFile, ...] = ()
    packages: dict[str, PackageConfig] = msgspec.field(default_factory=dict)
    publish: ComponentPublish = ComponentPublish()
    seed: SeedRules = SeedRules()


class Component(ComponentConfig, frozen=True, kw_only=True):
    """A component with all it inherits. `file` defines it; `groups` are those it belongs to, sorted."""

    name: str
    file: Path
    groups: tuple[str, ...] = ()


class ComponentGroup(Table, frozen=True, kw_only=True):
    """`[component-groups.<name>]`: components by name, or by the specs that patterns find."""

    description: str = ""
    metadata: Metadata | None = None
    components: tuple[str, ...] = ()
    specs: tuple[Path, ...] = ()
    excluded_paths: tuple[Path, ...] = ()
    default_component_config: ComponentConfig = ComponentConfig()
