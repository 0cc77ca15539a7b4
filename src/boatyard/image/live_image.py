"""A live ISO: the root file system as a squashfs, kernel, initrd and boot loader on one medium."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard.image import iso, iso_menu
from boatyard.image.filesystem import make_squashfs
from boatyard.image.loader import make_loader
from boatyard.image.medium import REPOSITORY, ROOT_JSON, describe_root, write_sums
from boatyard.image.stage import Stage
from boatyard_boot import grub
from boatyard_boot.tree import need_file

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.recipe import Recipe
    from boatyard.image.toolbox import Toolbox

LAYER = "live/installer.squashfs"


def assemble_iso(box: Toolbox, recipe: Recipe, work: Path, target: Path) -> tuple[str, ...]:
    """Writes the ISO, and gives the packages of its repository. `work`: an empty folder beside the root."""
    root = recipe.rootfs.dir
    stage = Stage(box, root, work / "tree")
    stage.put("etc/hostname", f"{recipe.hostname}\n")
    stage.put("etc/fstab", "")
    content = work / "iso"
    for folder in ("boot/grub", "live"):
        (content / folder).mkdir(parents=True)
    make_squashfs(box, content / "live/root.squashfs", stage.tree)
    (content / "boot/vmlinuz").hardlink_to(recipe.kernel_file)
    (content / "boot/initrd.img").hardlink_to(recipe.initrd)
    (content / ROOT_JSON).write_text(describe_root(recipe, stage.tree), encoding="utf-8")
    installer = False
    if recipe.layer is not None:
        (content / LAYER).hardlink_to(recipe.layer.path)
        installer = recipe.layer.installer
    menu = iso_menu.menu(
        recipe.title, recipe.label, recipe.kernel_arguments, timeout_s=recipe.boot_timeout_s, installer=installer
    )
    (content / iso_menu.MENU).write_text(menu, encoding="utf-8")

    identity = uuid.uuid5(recipe.seed, "iso")
    efi = iso.make_efi_partition(box, root, recipe.arch, work, recipe.label, identity)
    hybrid = None
    if recipe.bios:
        hybrid = need_file(root, "usr/lib/grub/i386-pc/boot_hybrid.img", hint=grub.BIOS_PACKAGES)
        loader = make_loader(box, root, grub.ELTORITO_LOADER, work, grub.search_by_label(recipe.label))
        loader.rename(content / iso.ELTORITO)
    stocked: tuple[str, ...] = ()
    if recipe.native.medium_packages:
        (content / REPOSITORY).mkdir()
        stocked = recipe.medium.stock(recipe.rootfs, recipe.native.medium_packages, content / REPOSITORY, box.epoch)
    # xorriso writes where it lies into the BIOS loader.
    write_sums(box, content, recipe.medium.key, leave_out=[iso.ELTORITO])
    iso.write_iso(box, target, content, efi, label=recipe.label, identity=identity, bios=hybrid)
    return stocked


def live_firmware(recipe: Recipe) -> tuple[str, ...]:
    """What the ISO boots under."""
    return ("uefi", "bios") if recipe.bios else ("uefi",)
