"""What one image file is made of: the configuration resolved, with the root file system, kernel and initrd at hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from boatyard_boot import grub, os_release
from boatyard_boot.arch import Arch
from boatyard_boot.tree import need_file

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.image import Layer, Rootfs
    from boatyard.config.model.native_image import NativeImage
    from boatyard.rpm.key import SigningKey
    from boatyard_boot.layout import Layout

# The seed of every identifier in an image: the same inputs give the same UUIDs.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "image.boatyard.invalid")


class Stock(Protocol):
    """Writes the repository of an ISO into a folder: packages that can be installed on a system with a root.

    `epoch`: the time that all of it tells, in seconds since 1970. The names of the packages' files are given back.
    """

    def __call__(self, rootfs: Rootfs, packages: tuple[str, ...], folder: Path, epoch: int) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Medium:
    """What an ISO takes from the project: the key that signs its digests, and who writes its repository."""

    key: SigningKey
    stock: Stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`native` is resolved; `key` names all inputs; `layer`: what an ISO's live system has besides."""

    name: str
    arch: Arch
    native: NativeImage
    rootfs: Rootfs
    initrd: Path
    key: str
    layer: Layer | None
    medium: Medium

    @property
    def seed(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, self.key)

    @property
    def kernel_file(self) -> Path:
        kernel = self.rootfs.kernel
        return need_file(
            self.rootfs.dir,
            f"usr/lib/modules/{kernel}/vmlinuz",
            f"boot/vmlinuz-{kernel}",
            hint="the kernel's package must bring one of them",
        )

    @property
    def title(self) -> str:
        """The distribution's name, for the boot menu."""
        return os_release.title(self.rootfs.dir)

    @property
    def label(self) -> str:
        return self.native.label

    @property
    def hostname(self) -> str:
        return self.native.hostname

    @property
    def layout(self) -> Layout:
        assert self.native.layout is not None, "resolved"
        return self.native.layout

    @property
    def boot_timeout_s(self) -> int:
        assert self.native.boot_timeout_s is not None, "resolved"
        return self.native.boot_timeout_s

    @property
    def kernel_arguments(self) -> tuple[str, ...]:
        return (*grub.consoles(self.arch), *self.native.kernel_arguments)

    @property
    def bios(self) -> bool:
        """Whether the image also boots under BIOS, which only PCs have."""
        return self.arch == Arch.X86_64 and grub.has_bios(self.rootfs.dir)
