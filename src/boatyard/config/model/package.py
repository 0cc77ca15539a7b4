"""Binary packages: the channel each is published to."""

from boatyard.config.model.struct import Table


class PackagePublish(Table, frozen=True, kw_only=True):
    """Channels of a package and of its debug packages; `channel` is the old name of `rpm-channel`."""

    rpm_channel: str = ""
    debuginfo_channel: str = ""
    channel: str = ""


class PackageConfig(Table, frozen=True, kw_only=True):
    """`[default-package-config]`, and `packages.<rpm>` of a component."""

    publish: PackagePublish = PackagePublish()


class PackageGroup(Table, frozen=True, kw_only=True):
    """`[package-groups.<name>]`: packages that share a configuration."""

    description: str = ""
    packages: tuple[str, ...] = ()
    default_package_config: PackageConfig = PackageConfig()
