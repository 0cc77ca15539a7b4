"""File systems made as files, without loop device or mount: ext4, FAT, swap, squashfs. Same input, same bytes."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard.ports.files import write_atomic
from boatyard_boot.size import KIB, MIB

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox

# Written out, so that every version of mke2fs makes the same, and GRUB 2.06 can still read it.
EXT4_FEATURES = (
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,"
    "huge_file,dir_nlink,extra_isize,metadata_csum"
)
MKE2FS_CONF = """\
[defaults]
    blocksize = 4096
    inode_size = 256
    inode_ratio = 16384
[fs_types]
    ext4 = {
    }
"""
EXT4_ROOT_INODE, EXT4_RESERVED_INODES = 2, 10
FAT32_FROM = 40 * MIB  # below, FAT32 would have too few clusters to be FAT32
SQUASHFS_LEVEL = "9"  # 5 s of processor time for 300 MB; level 12 takes 24 s for 2 % less


def make_ext4(
    box: Toolbox, target: Path, size: int, *, identity: uuid.UUID, label: str = "", tree: Path | None = None
) -> None:
    """An ext4 file system of `size` bytes with the files of `tree`."""
    with target.open("wb") as stream:
        stream.truncate(size)
    conf = target.with_suffix(".conf")
    write_atomic(conf, MKE2FS_CONF)
    box.host(
        "mke2fs", "-q", "-F", "-t", "ext4", "-O", EXT4_FEATURES, "-m", "1", "-L", label, "-U", str(identity),
        "-E", f"hash_seed={identity},root_owner=0:0,lazy_itable_init=0,nodiscard",
        *(("-d", str(tree)) if tree else ()), str(target), f"{size // KIB}k",
        env={"MKE2FS_CONFIG": str(conf), **_fake_time(box)},
    )  # fmt: skip
    if tree:
        _settle_times(box, target)
    conf.unlink()


def _fake_time(box: Toolbox) -> dict[str, str]:
    return {"E2FSPROGS_FAKE_TIME": str(box.epoch)}


def _settle_times(box: Toolbox, image: Path) -> None:
    """Sets the inode times that mke2fs before 1.47.1 copies from the host: access, change and creation."""
    used = _used_inodes(image)
    script = image.with_suffix(".debugfs")
    fields = ("atime", "ctime", "crtime")
    lines = [f"sif <{inode}> {field} @{box.epoch}" for inode in used for field in fields]
    lines += [f"sif <{inode}> {field}_extra 0" for inode in used for field in fields]
    write_atomic(script, "\n".join(lines) + "\n")
    # It repeats each of some 50,000 commands, which is of no use in the log.
    box.host("debugfs", "-w", "-f", str(script), str(image), env=_fake_time(box), logged=False)
    script.unlink()


def _used_inodes(image: Path) -> list[int]:
    """Root and all that mke2fs made: it gives out inode numbers in one row, so the superblock's counts tell them."""
    with image.open("rb") as stream:
        stream.seek(1024)
        superblock = stream.read(1024)
    total, free = struct.unpack_from("<I", superblock, 0)[0], struct.unpack_from("<I", superblock, 16)[0]
    return [EXT4_ROOT_INODE, *range(EXT4_RESERVED_INODES + 1, total - free + 1)]


def make_fat(
    box: Toolbox, target: Path, size: int, *, identity: uuid.UUID, label: str, files: Mapping[str, Path]
) -> None:
    """A FAT file system of `size` bytes; `files`: names such as EFI/BOOT/BOOTX64.EFI to what they hold."""
    with target.open("wb") as stream:
        stream.truncate(size)
    kind = ("-F", "32", "-s", "1") if size >= FAT32_FROM else ()
    box.host("mkfs.vfat", "--invariant", "-i", identity.hex[:8], "-n", label, *kind, str(target))
    folders: set[str] = set()
    for name in sorted(files):
        parents = name.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            folder = "/".join(parents[:depth])
            if folder not in folders:
                box.host("mmd", "-i", str(target), f"::/{folder}")
                folders.add(folder)
        os.utime(files[name], (box.epoch, box.epoch))
        box.host("mcopy", "-m", "-i", str(target), str(files[name]), f"::/{name}")


def make_swap(box: Toolbox, target: Path, size: int, *, identity: uuid.UUID, label: str) -> None:
    """A swap area of `size` bytes."""
    with target.open("wb") as stream:
        stream.truncate(size)
    box.host("mkswap", "-q", "-U", str(identity), *(("-L", label) if label else ()), str(target))


def make_squashfs(box: Toolbox, target: Path, tree: Path, *, level: str = SQUASHFS_LEVEL) -> None:
    """A compressed read-only image of a tree; its times come from SOURCE_DATE_EPOCH."""
    target.unlink(missing_ok=True)
    box.host(
        "mksquashfs", str(tree), str(target), "-noappend", "-no-progress", "-quiet", "-comp", "zstd",
        "-Xcompression-level", level, "-b", "256K",
    )  # fmt: skip
    if not target.is_file():
        raise ImageError(f"mksquashfs made no {target}")
