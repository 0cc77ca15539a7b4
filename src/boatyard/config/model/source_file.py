"""Source files a component adds to, or puts in place of, those of its upstream."""

from typing import Literal

from boatyard.config.model.overlay import Text
from boatyard.config.model.struct import Table


class DownloadOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="download"):
    """The file at an address."""

    uri: Text


class CustomOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="custom"):
    """What a script beside the component makes, in a buildroot of its own, packed into an archive.

    `network`: the servers it may reach, as host or host:port; none otherwise (Boatyard's addition).
    """

    script: Text
    mock_packages: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    network: tuple[str, ...] = ()


class OverlayOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="overlay"):
    """An upstream archive after the component's archive overlays."""


class SigningKeyOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="signing-key"):
    """The project's public signing key, armoured (Boatyard's addition)."""


class PythonPackageOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="python-package"):
    """A tar archive of one of Boatyard's own packages, which run in the distribution (Boatyard's addition)."""

    name: Literal["boatyard_boot", "boatyard_installer"]


class DebSourceOrigin(Table, frozen=True, kw_only=True, tag_field="type", tag="deb-source"):
    """A file of a Debian source package, mostly upstream's own archive, under its name there (Boatyard's addition).

    `seed`: which `[seeds.<name>]` has the package; empty: the only one. The file is locked as seeds are.
    """

    package: Text
    seed: str = ""


Origin = DownloadOrigin | CustomOrigin | OverlayOrigin | SigningKeyOrigin | PythonPackageOrigin | DebSourceOrigin
# Made by Boatyard itself: neither looked up in a lookaside cache nor listed in `sources`.
MADE_HERE = (SigningKeyOrigin, PythonPackageOrigin)


class SourceFile(Table, frozen=True, kw_only=True):
    """`[[components.<name>.source-files]]`."""

    filename: Text
    hash: str = ""
    hash_type: Literal["", "SHA256", "SHA512"] = ""
    origin: Origin
    replace_upstream: bool = False
    replace_reason: str = ""
