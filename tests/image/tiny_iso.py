"""An ISO like those that Boatyard makes, as real as it can be without a kernel, in a tenth of a second."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from tests.image.tiny_channel import BUILD_TIME

from boatyard.image.iso import write_iso
from boatyard.image.iso_menu import menu
from boatyard.image.medium import write_sums
from boatyard.image.toolbox import Toolbox

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import Runner
    from boatyard.rpm.key import SigningKey

LOADER, EFI = bytes(range(256)) * 20, b"EFI" * 400_000
ROOT = {
    "title": "Tiny 1.0", "id": "tiny", "version": "1.0", "arch": "x86_64", "kernel": "6.1", "size": 5, "inodes": 2,
}  # fmt: skip


def make_iso(folder: Path, key: SigningKey, run: Runner, *, installer: bool = True, schema: int = 1) -> Path:
    """`installer`: whether its menu installs."""
    content, target = folder / "content", folder / "in.iso"
    (content / "boot/grub").mkdir(parents=True)
    (content / "live").mkdir()
    files = {
        "boot/grub/grub.cfg": menu("Tiny 1.0", "TINY", ("quiet",), timeout_s=5, installer=installer),
        "live/root.json": json.dumps({"schema": schema, **ROOT}),
        "live/root.squashfs": "root" * 9999,
    }
    for name, data in files.items():
        (content / name).write_text(data)
    (content / "boot/grub/eltorito.img").write_bytes(LOADER)
    efi, hybrid = folder / "efi.img", folder / "hybrid.img"
    efi.write_bytes(EFI + bytes(-len(EFI) % 2048))
    hybrid.write_bytes(bytes(512))
    box = Toolbox(run, folder / "log", BUILD_TIME)
    write_sums(box, content, key, leave_out=["boot/grub/eltorito.img"])
    write_iso(box, target, content, efi, label="TINY", identity=uuid.UUID(int=7), bios=hybrid)
    return target
