"""What an image file is, by its content: an ISO for the CD drive or a disk, and in which format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boatyard.artifact.machine import Drive
from boatyard.base.error import ImageError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

ISO_DESCRIPTOR = 16 * 2048  # ECMA-119: the volume descriptors begin at sector 16
VHD_FOOTER = 512
COMPRESSED = {b"\x1f\x8b": "gzip -d", b"\xfd7zXZ\0": "xz -d", b"\x28\xb5\x2f\xfd": "zstd -d", b"BZh": "bzip2 -d"}
QCOW2_DATA_FILE = 1 << 2  # incompatible feature bit: the data lie in another file
VMDK_MONOLITHIC = ("monolithicSparse", "streamOptimized")

Format = Literal["raw", "qcow2", "vpc", "vhdx", "vmdk"]


@dataclass(frozen=True, slots=True)
class Media:
    """What drive an image belongs in, and QEMU's name of its format."""

    kind: Literal["disk", "cdrom"]
    format: Format


def detect(path: Path) -> Media:
    """The kind of an image file; NotFoundError when there is none, ImageError when QEMU must not open it.

    An image that names other files of the host (a qcow2 with a backing or data file, a VMDK descriptor) is refused:
    the guest could read them.
    """
    if not path.exists():
        raise NotFoundError(f"there is no image {path}")
    if not path.is_file():
        raise ImageError(f"{path} is not a file", hint="give an ISO or a disk image")
    with path.open("rb") as stream:
        head = stream.read(ISO_DESCRIPTOR + 8)
        stream.seek(max(0, path.stat().st_size - VHD_FOOTER))
        foot = stream.read(8)
    for magic, program in COMPRESSED.items():
        if head.startswith(magic):
            raise ImageError(f"{path} is compressed", hint=f"unpack it first: `{program} {path}`")
    if head[ISO_DESCRIPTOR + 1 : ISO_DESCRIPTOR + 6] == b"CD001":
        return Media("cdrom", "raw")
    return Media("disk", _disk_format(path, head, foot))


def drive(path: Path, *, media: Media, keep_writes: bool = False) -> Drive:
    """The drive for an image."""
    return Drive(path=path, format=media.format, kind=media.kind, keep_writes=keep_writes)


def _disk_format(path: Path, head: bytes, foot: bytes) -> Format:
    if head.startswith(b"QFI\xfb"):
        version, backing = int.from_bytes(head[4:8]), int.from_bytes(head[8:16])
        if backing or (version >= 3 and int.from_bytes(head[72:80]) & QCOW2_DATA_FILE):
            raise ImageError(
                f"{path} is only a part of an image: it names another file",
                hint=f"make a whole one, if you trust it: `qemu-img convert -O qcow2 {path} whole.qcow2`",
            )
        return "qcow2"
    if head.startswith(b"vhdxfile"):
        return "vhdx"
    if head.startswith(b"KDMV"):
        if not any(f'createType="{kind}"'.encode() in head for kind in VMDK_MONOLITHIC):
            raise ImageError(
                f"{path} may name other files",
                hint=f"convert it, if you trust it: `qemu-img convert -O qcow2 {path} whole.qcow2`",
            )
        return "vmdk"
    if head.startswith(b"# Disk DescriptorFile"):
        raise ImageError(f"{path} names other files", hint="convert it with `qemu-img convert -O qcow2`")
    return "vpc" if foot == b"conectix" else "raw"
