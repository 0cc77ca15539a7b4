"""The live ISO: a hybrid that UEFI and BIOS start from a CD or, the same bytes, from a disk or USB stick."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from boatyard.image.filesystem import make_fat
from boatyard.image.loader import make_loader
from boatyard_boot import grub
from boatyard_boot.size import KIB, MIB

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox
    from boatyard_boot.arch import Arch

ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
ELTORITO = "boot/grub/eltorito.img"


def make_efi_partition(box: Toolbox, root: Path, arch: Arch, work: Path, label: str, identity: uuid.UUID) -> Path:
    """The FAT image that UEFI reads: GRUB as the removable-media loader, sized by its content."""
    loader = make_loader(box, root, grub.efi_loader(arch), work, grub.search_by_label(label))
    size = -(-(loader.stat().st_size + 256 * KIB) // MIB) * MIB
    target = work / "efi.img"
    make_fat(box, target, size, identity=identity, label="EFI", files={f"EFI/BOOT/{arch.efi_file}": loader})
    return target


def write_iso(
    box: Toolbox, target: Path, content: Path, efi: Path, *, label: str, identity: uuid.UUID, bios: Path | None
) -> None:
    """Writes the ISO from the folder `content`; `bios`: GRUB's boot_hybrid.img, with which BIOS starts it as a disk.

    ISO 9660 level 3 with Rock Ridge; the EFI partition is appended and listed in a GPT.
    """
    at_bios = (
        "-b", ELTORITO, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info",
        "--grub2-mbr", str(bios), "--mbr-force-bootable", "-eltorito-alt-boot",
    ) if bios else ()  # fmt: skip
    date = datetime.datetime.fromtimestamp(box.epoch, datetime.UTC).strftime("%Y%m%d%H%M%S00")
    box.host(
        "xorriso", "-as", "mkisofs", "-quiet", "-V", label, "-o", str(target), "-R", "-J", "-iso-level", "3",
        f"--modification-date={date}", "--gpt_disk_guid", str(identity), "--set_all_file_dates", date,
        "-partition_offset", "16", "-append_partition", "2", ESP_TYPE, str(efi), "-appended_part_as_gpt",
        *at_bios, "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", str(content),
    )  # fmt: skip
