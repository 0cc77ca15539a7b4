"""Channels: the signed dnf repositories a distribution publishes (Boatyard's addition to the azldev format)."""

from boatyard.config.model.struct import Table


class Channel(Table, frozen=True):
    """`[channels.<name>]`: a repository that components and packages are published to by `publish.rpm-channel`."""

    description: str = ""


class Signing(Table, frozen=True):
    """`[signing]`. The project's key: made on first use, kept under the user's data folder, never in the output."""

    name: str = ""
    email: str = ""
