"""The plan: answers, machine and medium in; the disk, every place on it and all steps out. Nothing is touched."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard_boot.disk import EDGE, DiskPlan, plan_disk
from boatyard_boot.error import BootError
from boatyard_boot.layout import Layout, Role, Share, divide
from boatyard_boot.size import GIB, MIB
from boatyard_installer.choice import choose
from boatyard_installer.error import MachineError
from boatyard_installer.layouts import layout_for
from boatyard_installer.step import Plan, Step

if TYPE_CHECKING:
    from boatyard_boot.layout import Filesystem
    from boatyard_installer.answers import Answers
    from boatyard_installer.medium import Medium
    from boatyard_installer.probe import FoundDisk, Machine

EXTENT = 4 * MIB  # LVM's unit
PV_HEADER = MIB  # with --dataalignment 1m the first extent starts there
LUKS_HEADER = 16 * MIB  # cryptsetup's default for LUKS2
# A file system needs room beside its files: ext4 and XFS take at most 3 % for themselves, and a system must be able to
# write logs and an update.
OVERHEAD_PERCENT, SPARE = 5, 256 * MIB


def make_plan(answers: Answers, machine: Machine, medium: Medium, seed: str) -> Plan:
    """The plan; MachineError when no disk fits. `seed`: a UUID of this installation, from which all others are made."""
    if machine.arch != medium.arch:
        raise MachineError(f"the medium is for {medium.arch} and this machine is {machine.arch}")
    layout = layout_for(answers.layout)
    _check_firmware(layout, machine.firmware)
    needed = needed_for_root(medium)
    disk = choose(answers.disk, machine, smallest_disk(layout, needed))
    try:
        places = plan_disk(layout, uuid.UUID(seed), disk.size // MIB * MIB)
        sizes = volume_sizes(layout, places)
    except (BootError, ValueError) as error:
        raise MachineError(f"{disk.device}: {error}") from error
    root = next(filesystem for filesystem in layout.filesystems if filesystem.mount == "/")
    room = sizes.get(root.on) or places.slot(root.on).size
    if room < needed:
        raise MachineError(
            f"the root file system would have {room // MIB} MiB on {disk.device} and needs {needed // MIB} MiB",
            hint="give the root more in [layout], or take a larger disk",
        )
    return Plan(
        answers=answers,
        medium=medium,
        disk=disk,
        layout=layout,
        places=places,
        volumes=sizes,
        firmware=machine.firmware,
        memory=machine.memory,
        devices=devices(disk, layout, places),
        steps=tuple(_steps(answers, disk, layout, places, sizes, medium)),
    )


def needed_for_root(medium: Medium) -> int:
    """Bytes that the root file system must have."""
    return medium.occupied * (100 + OVERHEAD_PERCENT) // 100 + SPARE


def smallest_disk(layout: Layout, needed: int) -> int:
    """The least size of a disk, in bytes, on which the fixed partitions and the root have room."""
    root = layout.partition_of(next(f.on for f in layout.filesystems if f.mount == "/"))
    fixed = sum(Share.parse(one.size).size for one in layout.partitions)
    inside = sum(Share.parse(one.size).size for one in layout.volumes) if root.role == Role.LVM else 0
    own = 0 if Share.parse(root.size).size else max(needed, inside + (0 if _fixed_root(layout) else needed))
    return fixed + own + 2 * EDGE


def _fixed_root(layout: Layout) -> bool:
    group = layout.volume_group
    root = next(f.on for f in layout.filesystems if f.mount == "/")
    return any(f"{group}/{volume.name}" == root and Share.parse(volume.size).size for volume in layout.volumes)


def volume_sizes(layout: Layout, places: DiskPlan) -> dict[str, int]:
    """Bytes of each volume by its place (`vg0/root`); BootError when they do not fit into their group."""
    if not layout.volumes:
        return {}
    partition = layout.partition_of(layout.volume_group)
    total = places.slot(partition.name).size - PV_HEADER - (LUKS_HEADER if partition.encrypt else 0)
    try:
        sizes = divide(total, [Share.parse(volume.size) for volume in layout.volumes], unit=EXTENT)
    except ValueError as error:
        raise BootError(f"the volumes do not fit into {layout.volume_group}: {error}") from error
    return {f"{layout.volume_group}/{one.name}": size for one, size in zip(layout.volumes, sizes, strict=True)}


def devices(disk: FoundDisk, layout: Layout, places: DiskPlan) -> dict[str, str]:
    """The block device of every place, and of every container as `<partition>/` before it is opened."""
    found: dict[str, str] = {}
    for number, partition in enumerate(layout.partitions, 1):
        raw = f"{disk.device}{'p' if disk.device[-1].isdigit() else ''}{number}"
        found[f"{partition.name}/"] = raw
        found[partition.name] = f"/dev/mapper/{container_name(places, partition.name)}" if partition.encrypt else raw
    for volume in layout.volumes:
        found[f"{layout.volume_group}/{volume.name}"] = mapper(layout.volume_group, volume.name)
    return found


def mapper(group: str, volume: str) -> str:
    """The device of a volume; device-mapper doubles the dashes inside the two names."""
    return f"/dev/mapper/{group.replace('-', '--')}-{volume.replace('-', '--')}"


def container_id(places: DiskPlan, partition: str) -> uuid.UUID:
    """The UUID of a partition's LUKS container."""
    return uuid.uuid5(places.slot(partition).id, "container")


def container_name(places: DiskPlan, partition: str) -> str:
    """The name under which the container is opened, in the initrd too."""
    return f"luks-{container_id(places, partition)}"


def filesystem_id(places: DiskPlan, filesystem: Filesystem) -> uuid.UUID:
    """The UUID of a file system."""
    return uuid.uuid5(places.id, f"filesystem {filesystem.on}")


def _check_firmware(layout: Layout, firmware: str) -> None:
    role = Role.ESP if firmware == "uefi" else Role.BIOS_BOOT
    if not any(partition.role == role for partition in layout.partitions):
        raise MachineError(
            f"this machine starts by {firmware.upper()}, for which the layout has no partition with the role {role}",
            hint='add { name = "esp", role = "esp", size = "600 MiB" } with a vfat file system on /boot/efi'
            if role == Role.ESP
            else 'add { name = "bios", role = "bios-boot", size = "1 MiB" }',
        )


def _steps(
    answers: Answers, disk: FoundDisk, layout: Layout, places: DiskPlan, sizes: dict[str, int], medium: Medium
) -> list[Step]:
    """Weights are seconds on an emulated processor."""
    name = f"{disk.device} ({disk.serial or 'no serial'})"
    steps = [
        Step(name="verify", text=f"verify the signature and the digests of {medium.title}", weight=4),
        Step(name="wipe", text=f"wipe {name}: {', '.join(disk.signatures) or 'holds nothing'}"),
        Step(name="partition", text="partitions: " + ", ".join(_partitions(layout, places))),
    ]
    if any(partition.encrypt for partition in layout.partitions):
        closed = [partition.name for partition in layout.partitions if partition.encrypt]
        steps.append(Step(name="encrypt", text=f"LUKS2 containers on {', '.join(closed)}", weight=10))
    if layout.volumes:
        text = ", ".join(f"{place} {_size(size)}" for place, size in sizes.items())
        steps.append(Step(name="volumes", text=f"volumes: {text}", weight=2))
    made = [f"{one.type} on {one.on}{f' for {one.mount}' if one.mount else ''}" for one in layout.filesystems]
    steps += [
        Step(name="filesystems", text=f"file systems: {', '.join(made)}", weight=2),
        Step(name="copy", text=f"copy {medium.title}, {_size(medium.occupied)}", weight=15),
    ]
    if answers.packages.install:
        text = ", ".join(answers.packages.install)
        steps.append(Step(name="packages", text=f"install packages: {text}", weight=15))
    # Users may be in groups that packages bring.
    steps.append(Step(name="settings", text=f"settings: {_settings(answers)}"))
    steps.append(Step(name="boot", text=f"kernel {medium.kernel}, boot menu and boot loader", weight=4))
    if answers.scripts:
        text = ", ".join(script.name for script in answers.scripts)
        steps.append(Step(name="scripts", text=f"run scripts: {text}", weight=2))
    steps += [
        Step(name="close", text="write everything out and unmount", weight=2),
        Step(name="commit", text=f"write the partition table; from here on {disk.device} boots"),
    ]
    return steps


def _partitions(layout: Layout, places: DiskPlan) -> list[str]:
    return [f"{one.name} {_size(places.slot(one.name).size)}" for one in layout.partitions]


def _settings(answers: Answers) -> str:
    users = [user.name for user in answers.users]
    parts = [f"host name {answers.system.hostname}"] if answers.system.hostname else []
    parts += [f"users {', '.join(users)}"] if users else []
    return ", ".join(parts) or "none"


def _size(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size // MIB} MiB"
