"""Containers, volumes and file systems on the partitions, and mounting them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.size import KIB, MIB
from boatyard_installer.perform.block import wait_for
from boatyard_installer.plan import container_id, container_name, filesystem_id

if TYPE_CHECKING:
    from boatyard_boot.layout import Filesystem
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

TARGET = Path("/run/boatyard/target")
# udev leaves the disk alone while it is locked, so LVM must not wait for udev to describe the partitions.
LVM = "devices{obtain_device_list_from_udev=0 external_device_info_source=none} activation{monitoring=0}"
# What GRUB 2.12 can read everywhere.
EXT4 = "^metadata_csum_seed,^orphan_file"
# Argon2 with a quarter of the memory at most: the initrd has to open it again on the same machine.
PBKDF_MEMORY = 256 * MIB


def encrypt(plan: Plan, run: Run) -> None:
    """Makes the containers and opens them, which proves the passphrase."""
    assert plan.answers.encryption is not None, "answers check it"
    passphrase = plan.answers.encryption.passphrase.encode()
    memory = str(min(PBKDF_MEMORY, plan.memory // 4) // KIB)
    for partition in plan.layout.partitions:
        if not partition.encrypt:
            continue
        raw, identity = plan.devices[f"{partition.name}/"], str(container_id(plan.places, partition.name))
        run(
            "cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--pbkdf", "argon2id",
            "--pbkdf-memory", memory, "--uuid", identity, "--key-file", "-", raw, secret=passphrase,
        )  # fmt: skip
        name = container_name(plan.places, partition.name)
        run("cryptsetup", "open", "--type", "luks2", "--key-file", "-", raw, name, secret=passphrase)


def make_volumes(plan: Plan, run: Run) -> None:
    """The volume group with its volumes. Only its own device is looked at: another disk may have a group so named."""
    group, only = plan.layout.volume_group, ("--config", LVM, "--devices", plan.devices[plan.layout.volume_group])
    run("lvm", "pvcreate", *only, "-ff", "--yes", "--quiet", "--dataalignment", "1m", plan.devices[group])
    run("lvm", "vgcreate", *only, "--yes", "--quiet", group, plan.devices[group])
    for place, size in plan.volumes.items():
        name = place.partition("/")[2]
        run("lvm", "lvcreate", *only, "--yes", "--quiet", "--wipesignatures", "y", "-L", f"{size}b", "-n", name, group)
        wait_for(plan.devices[place])


def make_filesystems(plan: Plan, run: Run) -> None:
    """All file systems of the layout."""
    for filesystem in plan.layout.filesystems:
        run(*mkfs_argv(plan, filesystem))


def mkfs_argv(plan: Plan, filesystem: Filesystem) -> tuple[str, ...]:
    """The command that makes a file system with the plan's identity."""
    identity, device = filesystem_id(plan.places, filesystem), plan.on(filesystem)
    label = ("-L", filesystem.label) if filesystem.label else ()
    match filesystem.type:
        case "ext4":
            return ("mkfs.ext4", "-q", "-F", "-O", EXT4, "-E", "nodiscard", "-U", str(identity), *label, device)
        case "xfs":
            # GRUB 2.12 knows no newer features of XFS.
            old = ("-i", "nrext64=0,exchange=0", "-n", "parent=0") if _holds_boot(plan, filesystem) else ()
            return ("mkfs.xfs", "-q", "-f", "-K", "-m", f"uuid={identity}", *old, *label, device)
        case "vfat":
            name = ("-n", filesystem.label) if filesystem.label else ()
            return ("mkfs.vfat", "-F", "32", "-i", identity.hex[:8], *name, device)
        case "swap":
            return ("mkswap", "-q", "-U", str(identity), *label, device)


def _holds_boot(plan: Plan, filesystem: Filesystem) -> bool:
    return filesystem == (plan.layout.mounted_on("/boot") or plan.layout.mounted_on("/"))


def mount_all(plan: Plan, run: Run) -> None:
    """Mounts the file systems at TARGET, outer ones first."""
    for filesystem in sorted(plan.layout.filesystems, key=lambda one: one.mount):
        if filesystem.mount:
            place = TARGET / filesystem.mount.lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            # A cut ends the installation in any case, so the copy need not survive one: no barriers.
            fast = ("-o", "nobarrier") if filesystem.type == "ext4" else ()
            run("mount", "-t", filesystem.type, *fast, plan.on(filesystem), str(place))


def unmount_all(plan: Plan, run: Run) -> None:
    """Unmounts and closes everything; may be called at any time."""
    if TARGET.is_mount():
        run("umount", "--recursive", str(TARGET))
    group = plan.layout.volume_group
    if plan.layout.volumes and any(Path(plan.devices[place]).exists() for place in plan.volumes):
        only = ("--config", LVM, "--devices", plan.devices[group])
        run("lvm", "vgchange", *only, "--quiet", "-an", group)
    for partition in plan.layout.partitions:
        name = container_name(plan.places, partition.name)
        if partition.encrypt and Path(f"/dev/mapper/{name}").exists():
            run("cryptsetup", "close", name)
