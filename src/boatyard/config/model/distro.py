"""Distributions: where components come from and which version of them a project follows."""

from pathlib import Path

import msgspec

from boatyard.config.model.component import ComponentConfig
from boatyard.config.model.struct import Table


class PackageRepository(Table, frozen=True, kw_only=True):
    """`repos` of a distribution: kept for azldev, which does not use it either."""

    base_uri: str


class Input(Table, frozen=True, kw_only=True):
    """One repository, or one set of repositories, of `[resources]`: exactly one of the two."""

    repo: str = ""
    set: str = ""


class Inputs(Table, frozen=True, kw_only=True):
    """Which repositories builds and images draw from."""

    rpm_build: tuple[Input, ...] = ()
    image_build: tuple[Input, ...] = ()


class DistroVersion(Table, frozen=True, kw_only=True):
    """`[distros.<name>.versions.<version>]`. `mock_config` is that of the host's architecture when one is given."""

    description: str = ""
    release_ver: str = ""
    dist_git_branch: str = ""
    default_component_config: ComponentConfig = ComponentConfig()
    mock_config: Path | None = None
    mock_config_x86_64: Path | None = msgspec.field(default=None, name="mock-config-x86_64")
    mock_config_aarch64: Path | None = msgspec.field(default=None, name="mock-config-aarch64")
    inputs: Inputs = Inputs()


class Distro(Table, frozen=True, kw_only=True):
    """`[distros.<name>]`. The two addresses are templates of `$pkg`, `$filename`, `$hashtype` and `$hash`."""

    description: str = ""
    default_version: str = ""
    dist_git_base_uri: str = ""
    lookaside_base_uri: str = ""
    disable_origins: bool = False
    repos: tuple[PackageRepository, ...] = ()
    versions: dict[str, DistroVersion] = msgspec.field(default_factory=dict)
