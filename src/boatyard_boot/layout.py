"""How a disk is divided: partitions, LVM volumes and the file systems on them. Images and the installer share it.

    partitions  = [{ name = "bios", role = "bios-boot", size = "1 MiB" },
                   { name = "esp", role = "esp", size = "64 MiB" },
                   { name = "root", role = "root", size = "rest" }]
    filesystems = [{ on = "esp", type = "vfat", mount = "/boot/efi" },
                   { on = "root", type = "ext4", mount = "/" }]

A partition with the role `lvm` is the physical volume of a volume group of its own name; the `volumes` are in it, and
`filesystems` name them as `on = "<group>/<volume>"`. A partition with `encrypt = true` is a LUKS2 container.

Keys are single words, so that those of TOML are the names here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from collections.abc import Sequence

# Names become GPT partition names (36 UTF-16 units), LVM names and labels (ext4 16 bytes, FAT 11).
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,15}")
MOUNT = re.compile(r"/|(/[A-Za-z0-9][A-Za-z0-9_.+-]*)+")
# lvm(8), "Reserved names": device-mapper needs them for parts of volumes.
RESERVED_STARTS = ("snapshot", "pvmove")
RESERVED_PARTS = (
    "_cdata", "_cmeta", "_corig", "_mlog", "_mimage", "_pmspare", "_rimage", "_rmeta", "_tdata", "_tmeta", "_vorigin",
    "_vdata",
)  # fmt: skip
LABEL_BYTES = {"ext4": 16, "xfs": 12, "vfat": 11, "swap": 15}


class Role(StrEnum):
    """What a partition is for; decides its type GUID."""

    ESP = "esp"
    BIOS_BOOT = "bios-boot"
    BOOT = "boot"
    ROOT = "root"
    SWAP = "swap"
    LVM = "lvm"
    DATA = "data"


# Without boot loader or firmware reading them.
ENCRYPTABLE = (Role.LVM, Role.ROOT, Role.DATA, Role.SWAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A size before the disk is known: bytes, or a percentage of the whole, or the rest (all zero)."""

    size: int = 0
    percent: int = 0

    @classmethod
    def parse(cls, text: str) -> Share:
        """The share in "512 MiB", "20%" or "rest"; ValueError tells what is accepted."""
        if text == "rest":
            return cls()
        if percent := re.fullmatch(r"([0-9]{1,3})%", text):
            value = int(percent[1])
            if not 1 <= value <= 100:
                raise ValueError(f"{text!r} is not between 1% and 100%")
            return cls(percent=value)
        try:
            size = parse_size(text)
        except ValueError:
            raise ValueError(f'{text!r} is not a size; write "512 MiB", "20%" or "rest"') from None
        if size <= 0:
            raise ValueError(f"{text!r} is no size for a partition or volume")
        return cls(size=size)


def divide(total: int, shares: Sequence[Share], *, unit: int = MIB) -> list[int]:
    """Bytes for each share of `total`, multiples of `unit`: sizes rounded up, percentages and the rest down.

    At most one share may be the rest. ValueError when they do not fit.
    """
    sizes = [-(-share.size // unit) * unit or total * share.percent // 100 // unit * unit for share in shares]
    left = total // unit * unit - sum(sizes)
    rest = [index for index, share in enumerate(shares) if share == Share()]
    if left < 0 or (rest and left == 0) or any(size <= 0 for size in sizes if size not in (0,)):
        raise ValueError(f"the sizes need {sum(sizes) // MIB} MiB of {total // MIB} MiB")
    if rest:
        sizes[rest[0]] = left
    return sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition, in the order on the disk. `encrypt`: what is on it lies in a LUKS2 container."""

    name: str
    role: Role
    size: str = "rest"
    encrypt: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name, "a partition")
        Share.parse(self.size)
        if self.encrypt and self.role not in ENCRYPTABLE:
            raise ValueError(f"the partition {self.name!r} with the role {self.role} cannot be encrypted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One LVM logical volume of the layout's volume group."""

    name: str
    size: str = "rest"

    def __post_init__(self) -> None:
        _check_name(self.name, "a volume")
        if self.name.startswith(RESERVED_STARTS) or any(part in self.name for part in RESERVED_PARTS):
            raise ValueError(f"{self.name!r} is not a name for a volume: LVM keeps it for itself")
        Share.parse(self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filesystem:
    """What is made on a partition (`on = "root"`) or volume (`on = "vg0/root"`). Swap has no `mount`."""

    on: str
    type: Literal["ext4", "xfs", "vfat", "swap"]
    mount: str = ""
    label: str = ""
    options: str = ""

    def __post_init__(self) -> None:
        if bool(self.mount) == (self.type == "swap"):
            raise ValueError(f"the file system on {self.on!r}: all but swap need a `mount`, and swap has none")
        if self.mount and not MOUNT.fullmatch(self.mount):
            raise ValueError(f"{self.mount!r} is not an absolute mount point")
        if len(self.label) > LABEL_BYTES[self.type] or (self.label and not NAME.fullmatch(self.label)):
            raise ValueError(
                f"{self.label!r} is not a label for {self.type}: letters, digits and -._+, "
                f"at most {LABEL_BYTES[self.type]}"
            )
        if not re.fullmatch(r"[A-Za-z0-9_.,=:/+-]*", self.options):
            raise ValueError(f"{self.options!r} are not mount options")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A whole disk. `size` is that of a disk image; the installer takes the disk it finds."""

    size: str = "2 GiB"
    partitions: tuple[Partition, ...]
    volumes: tuple[Volume, ...] = ()
    filesystems: tuple[Filesystem, ...]

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(problem)

    @property
    def volume_group(self) -> str:
        """The name of the group that the volumes are in; empty when there is no partition for one."""
        return next((partition.name for partition in self.partitions if partition.role == Role.LVM), "")

    def partition_of(self, name: str) -> Partition:
        """The partition that a place, `on` of a file system, is or lies in."""
        group = name.partition("/")[0]
        return next(partition for partition in self.partitions if partition.name == group)

    def mounted_on(self, mount: str) -> Filesystem | None:
        """The file system with a mount point, if there is one."""
        return next((filesystem for filesystem in self.filesystems if filesystem.mount == mount), None)

    def filesystem_on(self, name: str) -> Filesystem | None:
        """The file system of a partition or volume, if it has one."""
        return next((filesystem for filesystem in self.filesystems if filesystem.on == name), None)


def _check_name(name: str, what: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name for {what}: letters, digits and -._+, at most 16")


def _problems(layout: Layout) -> list[str]:
    problems: list[str] = []
    parse_size(layout.size)
    names = [partition.name for partition in layout.partitions]
    names += [f"{layout.volume_group}/{volume.name}" for volume in layout.volumes]
    places = [filesystem.on for filesystem in layout.filesystems]
    mounts = [filesystem.mount for filesystem in layout.filesystems if filesystem.mount]
    problems += [f"{name!r} is there twice" for name in _twice(names)]
    problems += [f"two file systems are on {name!r}" for name in _twice(places)]
    problems += [f"two file systems are mounted on {name!r}" for name in _twice(mounts)]
    problems += [f"a file system is on {place!r}, which is not in the layout" for place in places if place not in names]
    if sum(partition.role == Role.LVM for partition in layout.partitions) > 1:
        problems.append("only one partition can have the role lvm")
    if layout.volumes and not layout.volume_group:
        problems.append("volumes need a partition with the role lvm")
    for sizes, what in ((layout.partitions, "partition"), (layout.volumes, "volume")):
        if sum(item.size == "rest" for item in sizes) > 1:
            problems.append(f"only one {what} can have the rest")
    if "/" not in mounts:
        problems.append("no file system is mounted on /")
    for role, kind in ((Role.ESP, "vfat"), (Role.SWAP, "swap")):
        for partition in layout.partitions:
            found = layout.filesystem_on(partition.name)
            if partition.role == role and (found is None or found.type != kind):
                problems.append(f"the partition {partition.name!r} with the role {role} needs a {kind} file system")
    problems += [
        f"the partition {partition.name!r} with the role {partition.role} holds no file system"
        for partition in layout.partitions
        if partition.role in (Role.BIOS_BOOT, Role.LVM) and layout.filesystem_on(partition.name)
    ]
    return problems or _locked_out(layout)


def _locked_out(layout: Layout) -> list[str]:
    """What the boot loader could not read: it opens no LUKS container."""
    boot = layout.mounted_on("/boot") or layout.mounted_on("/")
    if boot is None or not layout.partition_of(boot.on).encrypt:
        return []
    return ["the root is encrypted, so a file system must be mounted on /boot from a partition that is not"]


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


# What a disk image gets when its definition says nothing: boots under BIOS and UEFI, and the root can grow.
# A running system can do without the ESP: a slow machine must not end in emergency mode because of it (nofail).
PLAIN = Layout(
    partitions=(
        Partition(name="bios", role=Role.BIOS_BOOT, size="1 MiB"),
        Partition(name="esp", role=Role.ESP, size="64 MiB"),
        Partition(name="root", role=Role.ROOT),
    ),
    filesystems=(
        Filesystem(on="esp", type="vfat", mount="/boot/efi", label="ESP", options="umask=0077,nofail"),
        Filesystem(on="root", type="ext4", mount="/", label="root"),
    ),
)

# What the installer makes unless it is told otherwise: the root can grow, and another volume can be added beside it.
LVM = Layout(
    partitions=(
        Partition(name="bios", role=Role.BIOS_BOOT, size="1 MiB"),
        Partition(name="esp", role=Role.ESP, size="600 MiB"),
        Partition(name="boot", role=Role.BOOT, size="1 GiB"),
        Partition(name="vg0", role=Role.LVM),
    ),
    volumes=(Volume(name="root"),),
    filesystems=(
        Filesystem(on="esp", type="vfat", mount="/boot/efi", label="ESP", options="umask=0077,nofail"),
        Filesystem(on="boot", type="ext4", mount="/boot", label="boot"),
        Filesystem(on="vg0/root", type="ext4", mount="/", label="root"),
    ),
)
