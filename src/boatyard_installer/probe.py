"""What the machine has: its disks as the kernel and udev know them, its firmware, its memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDisk:
    """A whole disk. `device`: /dev/vda; `size` in bytes; `sector`: its logical sectors; `ids`: its names in
    /dev/disk/by-id. `signatures`: what it or its partitions hold (`gpt`, `LVM2_member`, `ext4`, ...); `used_by`: mounts
    and devices on top of it; `medium`: the running system comes from it.
    """

    device: str
    size: int
    sector: int = 512
    serial: str = ""
    model: str = ""
    ids: tuple[str, ...] = ()
    bus: str = ""
    removable: bool = False
    read_only: bool = False
    signatures: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    medium: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`firmware`: uefi or bios; `memory` in bytes; `arch` as `uname -m` has it."""

    disks: tuple[FoundDisk, ...]
    firmware: str
    arch: str
    memory: int
