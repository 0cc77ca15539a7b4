"""Native images, `[images.<name>.native]`: a root file system from channels, and the files made of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from boatyard.base.error import ConfigError, did_you_mean
from boatyard.config.model.struct import Table
from boatyard_boot.arch import Arch
from boatyard_boot.layout import PLAIN, Layout
from boatyard_boot.size import parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping

Format = Literal["iso", "raw", "qcow2"]
# An ISO 9660 volume identifier that is also a udev and GRUB label without escapes (ECMA-119 8.4.8, d-characters and -).
LABEL = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,31}")
HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62})")
PACKAGE = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_.+:@*?^~/-]*")
# GRUB reads quotes, dollars and separators; no kernel argument needs them.
ARGUMENT = re.compile(r"[A-Za-z0-9_.,:=/%+@-]+")


class Budget(Table, frozen=True, kw_only=True):
    """What an image may cost. An empty size or a zero sets no limit.

    `file`: the image file. `installed`: the files of the root, as their lengths say. `memory`: in use after boot.
    `boot-s`: seconds to the login prompt, with KVM. The last two are measured in a virtual machine.
    """

    file: str = ""
    installed: str = ""
    memory: str = ""
    boot_s: float = 0

    def __post_init__(self) -> None:
        for text in (self.file, self.installed, self.memory):
            if text:
                parse_size(text)
        if self.boot_s < 0:
            raise ValueError("boot-s is a number of seconds")


class NativeImage(Table, frozen=True, kw_only=True):
    """One image. What is left out comes from the image named by `extends`, then from the defaults.

    `packages` and `exclude` are added to those inherited; everything else replaces. `arch-packages` adds packages on
    one architecture. `docs`: keep documentation files. `initrd-modules`: kernel modules besides the usual ones.

    On an ISO only: `live-packages` are in the live system and not in the root that is installed; `medium-packages` are
    in the ISO's own repository, with what they depend on. Both are added to those inherited.
    """

    extends: str = ""
    formats: tuple[Format, ...] = ()
    arches: tuple[Arch, ...] = ()
    channels: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    arch_packages: dict[Arch, tuple[str, ...]] = msgspec.field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    live_packages: tuple[str, ...] = ()
    medium_packages: tuple[str, ...] = ()
    docs: bool | None = None
    label: str = ""
    hostname: str = ""
    kernel_arguments: tuple[str, ...] = ()
    boot_timeout_s: int | None = None
    initrd_modules: tuple[str, ...] = ()
    layout: Layout | None = None
    budget: Budget | None = None

    def __post_init__(self) -> None:
        if self.label and not LABEL.fullmatch(self.label):
            raise ValueError(f"label {self.label!r} is not a volume label: A-Z, 0-9 and _.-, at most 32")
        if self.hostname and not HOSTNAME.fullmatch(self.hostname):
            raise ValueError(f"hostname {self.hostname!r} is not one label of a host name (RFC 1123)")
        if self.boot_timeout_s is not None and not 0 <= self.boot_timeout_s <= 600:
            raise ValueError("boot-timeout-s is between 0 and 600 seconds")
        named = [*self.packages, *self.exclude, *self.live_packages, *self.medium_packages]
        for package in (*named, *(name for names in self.arch_packages.values() for name in names)):
            if not PACKAGE.fullmatch(package):
                raise ValueError(f"{package!r} is not the name of a package")
        for argument in self.kernel_arguments:
            if not ARGUMENT.fullmatch(argument):
                raise ValueError(f"{argument!r} is not one argument of the kernel command line")

    def packages_for(self, arch: Arch) -> tuple[str, ...]:
        """All packages asked for on an architecture, sorted, each once."""
        return tuple(sorted({*self.packages, *self.arch_packages.get(arch, ())}))


DEFAULTS = NativeImage(
    arches=(Arch.X86_64,),
    docs=False,
    hostname="localhost",
    boot_timeout_s=1,
    layout=PLAIN,
    budget=Budget(),
)


def resolve(name: str, images: Mapping[str, NativeImage]) -> NativeImage:
    """The image with everything it inherits filled in; ConfigError for an unknown name or a circle."""
    chain: list[str] = []
    while name:
        if name in chain:
            raise ConfigError(f"images extend each other in a circle: {' -> '.join([*chain, name])}")
        if name not in images:
            raise ConfigError(
                f"image {chain[-1] if chain else name!r} extends {name!r}, which is not a native image"
                if chain
                else f"there is no native image {name!r}",
                hint=did_you_mean(name, images),
            )
        chain.append(name)
        name = images[name].extends
    merged = DEFAULTS
    for ancestor in reversed(chain):
        merged = _over(merged, images[ancestor])
    if not merged.formats or not merged.channels or not merged.packages:
        missing = next(key for key in ("formats", "channels", "packages") if not getattr(merged, key))
        raise ConfigError(f"image {chain[0]!r} has no {missing}", hint=f"add `{missing} = [...]` to it")
    if not merged.label:
        merged = msgspec.structs.replace(merged, label=_label(chain[0]))
    return msgspec.structs.replace(merged, extends="")


def _over(base: NativeImage, image: NativeImage) -> NativeImage:
    """`image` laid over `base`: lists of packages add up, what is set replaces, what is not set stays."""
    changes: dict[str, object] = {}
    for field in image.__struct_fields__:
        value = getattr(image, field)
        if field in ("packages", "exclude", "live_packages", "medium_packages"):
            changes[field] = tuple(sorted({*getattr(base, field), *value}))
        elif field == "arch_packages":
            arches = {*base.arch_packages, *value}
            changes[field] = {
                arch: tuple(sorted({*base.arch_packages.get(arch, ()), *value.get(arch, ())})) for arch in arches
            }
        elif value not in (None, "", ()):
            changes[field] = value
    return msgspec.structs.replace(base, **changes)


def _label(name: str) -> str:
    """A volume label made of an image's name."""
    return re.sub(r"[^A-Z0-9_.-]", "-", name.upper())[:32].lstrip("_.-") or "IMAGE"
