"""The initrd of an image: made by boatyard_boot from the root, compressed and written here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boatyard.base.digest import fingerprint
from boatyard.ports.files import write_atomic
from boatyard_boot.initrd import inputs, make_initrd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEVEL = 10  # 0.4 s for 26 MB; level 19 takes ten times as long for 6 % less


def initrd_key(rootfs_key: str, modules: Sequence[str]) -> str:
    """Names the inputs of an initrd."""
    return fingerprint([rootfs_key, inputs(modules), LEVEL])


def write_initrd(root: Path, kernel: str, target: Path, *, epoch: int, modules: Sequence[str] = ()) -> None:
    """Writes the initrd of a kernel, a cpio archive compressed with zstd; BootError as make_initrd."""
    import zstandard

    data = make_initrd(root, kernel, epoch=epoch, unpack=unpack_zstd, modules=modules)
    packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)
    write_atomic(target, packed, mode=0o644)
    os.utime(target, (epoch, epoch))  # disks hold it with its date


def unpack_zstd(data: bytes, max_size: int) -> bytes:
    """Decompressed zstd of at most `max_size` bytes."""
    import zstandard

    return zstandard.ZstdDecompressor().decompress(data, max_output_size=max_size)
