"""The programs this package starts in a running system: zstd, which Python's standard library could not for long."""

from __future__ import annotations

import subprocess

from boatyard_boot.error import BootError

LEVEL = 10  # as for images: level 19 takes ten times as long for 6 % less


def pack_zstd(data: bytes) -> bytes:
    """Compressed data."""
    return _through(("zstd", "-q", f"-{LEVEL}", "--check", "-c"), data)


def unpack_zstd(data: bytes, max_size: int) -> bytes:
    """Decompressed data; BootError when there is more than `max_size` bytes."""
    unpacked = _through(("zstd", "-q", "-d", "-c", f"--memory={max_size}"), data)
    if len(unpacked) > max_size:
        raise BootError(f"zstd data of more than {max_size} bytes")
    return unpacked


def _through(argv: tuple[str, ...], data: bytes) -> bytes:
    try:
        done = subprocess.run(argv, input=data, capture_output=True, check=False)
    except FileNotFoundError:
        raise BootError(f"there is no {argv[0]}", hint=f"install the package {argv[0]}") from None
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise BootError(f"{argv[0]} failed with exit code {done.returncode}: {words or 'it said nothing'}")
    return done.stdout
