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
VHD_MAGIC, VHD_SIZE, VHD_KIND = b"conectix", slice(48, 56), slice(60, 64)
VHD_FIXED, VHD_DIFFERENCING = 2, 4
# Formats that QEMU could read, and that nobody needs here; a boot sector has none of these at these places.
OTHERS = (
    (0, b"QED\0", "QED"),
    (0, b"WithoutFreeSpace", "Parallels"),
    (0, b"WithouFreSpacExt", "Parallels"),
    (64, b"\x7f\x10\xda\xbe", "VDI"),
    (0, b"LUKS\xba\xbe", "LUKS"),
)
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
    foot = _last_sector(path)
    for magic, program in COMPRESSED.items():
        if head.startswith(magic):
            raise ImageError(f"{path} is compressed", hint=f"unpack it first: `{program} {path}`")
    if head[ISO_DESCRIPTOR + 1 : ISO_DESCRIPTOR + 6] == b"CD001":
        return Media("cdrom", "raw")
    return Media("disk", _disk_format(path, head, foot))


def drive(path: Path, *, media: Media, keep_writes: bool = False) -> Drive:
    """The drive for an image."""
    return Drive(path=path, format=media.format, kind=media.kind, keep_writes=keep_writes)


@dataclass(frozen=True, slots=True)
class Vhd:
    """What a VHD's footer says: whether the file is the disk as it is, and the disk's size in bytes."""

    fixed: bool
    size: int


def read_vhd(path: Path) -> Vhd:
    """The footer of a file that `detect` has told to be a VHD."""
    footer = _last_sector(path)
    if not footer.startswith(VHD_MAGIC):  # cut off; a dynamic one has another at its beginning
        with path.open("rb") as stream:
            footer = stream.read(VHD_FOOTER)
    return Vhd(int.from_bytes(footer[VHD_KIND], "big") == VHD_FIXED, int.from_bytes(footer[VHD_SIZE], "big"))


def _last_sector(path: Path) -> bytes:
    """Where a VHD has its footer; an old one is of 511 bytes, in a file that QEMU reads in whole sectors."""
    with path.open("rb") as stream:
        stream.seek(max(0, -(-path.stat().st_size // VHD_FOOTER) - 1) * VHD_FOOTER)
        return stream.read(VHD_FOOTER)


def _disk_format(path: Path, head: bytes, foot: bytes) -> Format:
    if head.startswith(b"QFI\xfb"):
        _check_qcow2(path, head)
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
    for place, magic, name in OTHERS:
        if head.startswith(magic, place):
            raise ImageError(
                f"{path} is a {name} image, which is not read", hint="convert it with `qemu-img convert -O qcow2`"
            )
    vhd = next((footer for footer in (foot, head) if footer.startswith(VHD_MAGIC)), None)  # dynamic ones have both
    if vhd is not None and int.from_bytes(vhd[VHD_KIND], "big") == VHD_DIFFERENCING:
        raise ImageError(f"{path} is only the differences from another VHD", hint="merge it into its parent first")
    return "raw" if vhd is None else "vpc"


def _check_qcow2(path: Path, head: bytes) -> None:
    version, backing = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:16], "big")
    if backing or (version >= 3 and int.from_bytes(head[72:80], "big") & QCOW2_DATA_FILE):
        raise ImageError(
            f"{path} is only a part of an image: it names another file",
            hint=f"make a whole one, if you trust it: `qemu-img convert -O qcow2 {path} whole.qcow2`",
        )
    if int.from_bytes(head[32:36], "big"):
        raise ImageError(f"{path} is encrypted", hint="a trial cannot ask for its passphrase: decrypt it first")
