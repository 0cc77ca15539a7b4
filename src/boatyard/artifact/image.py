"""Root file systems, disk images and ISOs, with the manifest written beside them."""

from pathlib import Path

from boatyard.artifact.codec import Artifact


class PackageRow(Artifact, frozen=True):
    """A package of an image. `size` is what it occupies installed, in bytes."""

    name: str
    evr: str
    arch: str
    size: int
    source: str = ""
    channel: str = ""


class Manifest(Artifact, frozen=True):
    """What an image is made of: written as `<image>.manifest.json`.

    `live_packages` and `medium_packages`: on an ISO, what its live system has besides, and what its repository holds.
    """

    image: str
    format: str
    arch: str
    file: str
    file_size: int
    sha256: str
    installed_size: int
    packages: tuple[PackageRow, ...]
    repositories: dict[str, str]
    live_packages: tuple[PackageRow, ...] = ()
    medium_packages: tuple[str, ...] = ()


class Rootfs(Artifact, frozen=True):
    """An installed root file system: a folder, the key of its inputs and what it holds."""

    dir: Path
    key: str
    arch: str
    kernel: str
    installed_size: int
    packages: tuple[PackageRow, ...]


class Layer(Artifact, frozen=True):
    """What a live system has more than its root: a squashfs, the key of its inputs and the packages it brings.

    `installer`: whether it can install.
    """

    path: Path
    key: str
    installer: bool
    packages: tuple[PackageRow, ...]


class Image(Artifact, frozen=True):
    """A finished image file. `key` names its inputs; `format`: iso, raw or qcow2; `firmware`: what it boots under."""

    name: str
    key: str
    path: Path
    format: str
    size: int
    sha256: str
    manifest: Path
    firmware: tuple[str, ...]
