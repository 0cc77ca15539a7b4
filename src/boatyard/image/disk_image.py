"""A disk image: the root file system laid out as partitions with a boot loader for BIOS and UEFI."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard.image.disk import write_disk
from boatyard.image.filesystem import make_ext4, make_fat, make_swap
from boatyard.image.loader import make_loader
from boatyard.image.stage import Stage
from boatyard_boot import bls, grub, os_release
from boatyard_boot.disk import DiskPlan, Slot, plan_disk
from boatyard_boot.fstab import by_uuid, fstab
from boatyard_boot.kernel import CMDLINE, ENVIRONMENT, INITRD_MODULES, MENU, make_entry, menu
from boatyard_boot.layout import Filesystem, Layout, Role

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.recipe import Recipe
    from boatyard.image.toolbox import Toolbox


def assemble_disk(box: Toolbox, recipe: Recipe, work: Path, target: Path) -> None:
    """Writes a sparse raw image. `work`: an empty folder beside the root."""
    layout = recipe.layout
    plan = plan_disk(layout, recipe.seed)
    stage = Stage(box, recipe.rootfs.dir, work / "tree")
    boot = "/boot" if any(filesystem.mount == "/boot" for filesystem in layout.filesystems) else "/"
    inside_boot = "" if boot == "/boot" else "/boot"
    _write_system(stage, recipe, plan, inside_boot)

    parts: dict[str, Path] = {}
    early = grub.search_by_uuid(str(_identity(plan.slot(_on(layout, boot).on))), f"{inside_boot}/grub")
    boot_code = b""
    core_slot = plan.with_role(Role.BIOS_BOOT)
    if core_slot is not None:
        core = make_loader(box, recipe.rootfs.dir, grub.BIOS_LOADER, work, early)
        parts[core_slot.name] = work / "core.img"
        parts[core_slot.name].write_bytes(grub.place_core(core.read_bytes(), core_slot.start, core_slot.size))
        boot_code = grub.bios_boot_code(recipe.rootfs.dir, core_slot.start)
    loader = None
    if plan.with_role(Role.ESP):
        loader = make_loader(box, recipe.rootfs.dir, grub.efi_loader(recipe.arch), work, early)
    # The deepest mount points first, so that each tree has left before the one around it is packed.
    for filesystem in sorted(layout.filesystems, key=lambda filesystem: filesystem.mount, reverse=True):
        slot = plan.slot(filesystem.on)
        parts[slot.name] = work / f"{slot.name}.part"
        files = {f"EFI/BOOT/{recipe.arch.efi_file}": loader} if loader and slot.role == Role.ESP else {}
        _fill(box, stage, filesystem, slot, parts[slot.name], files)
    write_disk(target, plan, recipe.arch, parts, boot_code=boot_code)


def disk_firmware(layout: Layout) -> tuple[str, ...]:
    """What a disk with a layout boots under."""
    roles = {partition.role for partition in layout.partitions}
    known = ((Role.ESP, "uefi"), (Role.BIOS_BOOT, "bios"))
    return tuple(firmware for role, firmware in known if role in roles)


def check_layout(layout: Layout) -> None:
    """ImageError when a layout cannot become a disk image, before anything is made."""
    plan_disk(layout, uuid.UUID(int=0))
    if layout.volumes:
        raise ImageError(
            "a disk image has no LVM volumes", hint="leave `volumes` to the installer; clouds grow the root partition"
        )
    for partition in layout.partitions:
        if partition.encrypt:
            raise ImageError(
                f"a disk image cannot encrypt the partition {partition.name!r}",
                hint="leave `encrypt` to the installer: every machine needs a passphrase of its own",
            )
    for filesystem in layout.filesystems:
        if filesystem.type == "xfs":
            raise ImageError(f"the file system on {filesystem.on!r}: a disk image has ext4, vfat and swap, not xfs")


def _fill(box: Toolbox, stage: Stage, filesystem: Filesystem, slot: Slot, target: Path, files: dict[str, Path]) -> None:
    identity = _identity(slot)
    if filesystem.type == "swap":
        make_swap(box, target, slot.size, identity=identity, label=filesystem.label)
        return
    tree = stage.tree
    if filesystem.mount != "/":
        tree = target.with_suffix(".tree")
        stage.move_out(filesystem.mount, tree)
    if filesystem.type == "vfat":
        make_fat(box, target, slot.size, identity=identity, label=filesystem.label or "NO NAME", files=files)
    else:
        make_ext4(box, target, slot.size, identity=identity, label=filesystem.label, tree=tree)


def _write_system(stage: Stage, recipe: Recipe, plan: DiskPlan, inside_boot: str) -> None:
    """What a disk has beyond the shared root: name, mounts, kernel and initrd in /boot, and the boot menu."""
    kernel = recipe.rootfs.kernel
    names = {
        filesystem.on: by_uuid(filesystem, _identity(plan.slot(filesystem.on)))
        for filesystem in recipe.layout.filesystems
    }
    root = _on(recipe.layout, "/")
    stage.put("etc/hostname", f"{recipe.hostname}\n")
    stage.put("etc/fstab", fstab(recipe.layout, names))
    stage.link(f"boot/vmlinuz-{kernel}", recipe.kernel_file)
    stage.link(f"boot/initrd-{kernel}.img", recipe.initrd)
    options = (f"root={names[root.on]}", "ro", *recipe.kernel_arguments)
    distribution = os_release.identifier(recipe.rootfs.dir)
    entry = make_entry(kernel, title=recipe.title, sort_key=distribution, folder=inside_boot, options=options)
    stage.put(f"boot/{bls.FOLDER}/{distribution}-{kernel}.conf", bls.render(entry))
    stage.put("boot/grub/grub.cfg", grub.disk_menu(recipe.boot_timeout_s))
    stage.put(f"boot/{MENU}", menu([entry]))
    stage.put(f"boot/{ENVIRONMENT}", grub.write_env({"saved_entry": kernel}))
    # With these a kernel that is installed later gets the same.
    stage.put(CMDLINE, f"{' '.join(options)}\n")
    if recipe.native.initrd_modules:
        stage.put(INITRD_MODULES, "".join(f"{name}\n" for name in recipe.native.initrd_modules))


def _on(layout: Layout, mount: str) -> Filesystem:
    return next(filesystem for filesystem in layout.filesystems if filesystem.mount == mount)


def _identity(slot: Slot) -> uuid.UUID:
    """The identity of the file system in a partition; another one than the partition's."""
    return uuid.uuid5(slot.id, "filesystem")
