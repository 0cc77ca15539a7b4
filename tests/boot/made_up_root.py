"""A made-up root file system with kernels, enough to make initrds and entries of."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path

import pytest

from boatyard_boot import elf
from boatyard_boot.initrd import CRYPT_NEEDED, NEEDED

BUSYBOX = Path("/usr/bin/busybox")


def kernel_folder(root: Path, release: str, modules: tuple[str, ...] = ()) -> Path:
    folder = root / "usr/lib/modules" / release
    (folder / "kernel").mkdir(parents=True)
    for name in modules:
        (folder / f"kernel/{name}.ko.xz").write_bytes(lzma.compress(b"\x7fELF " + name.encode()))
    lines = [f"kernel/{name}.ko.xz:" for name in modules]
    (folder / "modules.dep").write_text("\n".join(lines) + "\n")
    return folder


def with_busybox(root: Path) -> Path:
    """Puts the host's static busybox into a root."""
    if not BUSYBOX.is_file() or elf.needs(BUSYBOX.read_bytes()).interpreter:
        pytest.skip("needs a static busybox")
    (root / "usr/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(BUSYBOX, root / "usr/bin/busybox")
    return root


def add_kernel_package(root: Path, release: str) -> None:
    """The files that a package of a kernel brings."""
    folder = kernel_folder(root, release, (*NEEDED, *CRYPT_NEEDED))
    (folder / "vmlinuz").write_bytes(f"kernel {release}".encode())


def remove_kernel_package(root: Path, release: str) -> None:
    shutil.rmtree(root / "usr/lib/modules" / release)
