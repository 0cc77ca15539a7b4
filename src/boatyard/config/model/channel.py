"""Channels: the dnf repositories a distribution publishes (Boatyard's addition to the azldev format)."""

from boatyard.config.model.struct import Table


class Channel(Table):
    """`[channels.<name>]`. `base-url` is what the client's .repo file says; `$boatyard_url` and dnf's variables pass through."""

    description: str = ""
    base_url: str = ""


class Signing(Table):
    """`[signing]`. The project's key: made on first use, kept under the user's data folder, never in the output."""

    name: str = ""
    email: str = ""
