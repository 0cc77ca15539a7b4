"""Plans: every place on the disk and all steps, from answers and a machine; refusals before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard_boot.layout import Filesystem, Partition, Role, Volume
from boatyard_boot.size import GIB, MIB
from boatyard_installer.answers import Answers, Disk, Encryption, LayoutChoice, Packages, Root, Script
from boatyard_installer.error import MachineError
from boatyard_installer.medium import Medium
from boatyard_installer.perform import boot, storage
from boatyard_installer.plan import make_plan, smallest_disk, volume_sizes
from boatyard_installer.probe import FoundDisk, Machine

if TYPE_CHECKING:
    from boatyard_installer.step import Plan

SEED = "0123456789abcdef0123456789abcdef"
MEDIUM = Medium(
    folder=Path("/medium"),
    name="skiff",
    version="1.0",
    title="Skiff Linux 1.0",
    arch="x86_64",
    kernel="6.12.9",
    occupied=300 * MIB,
    inodes=9000,
)


def machine(size: int = 8 * GIB, *, firmware: str = "uefi", device: str = "/dev/vda", arch: str = "x86_64") -> Machine:
    disk = FoundDisk(device=device, size=size, serial="S1", bus="virtio")
    return Machine(disks=(disk,), firmware=firmware, arch=arch, memory=GIB)


def plan(answers: Answers, found: Machine | None = None) -> Plan:
    return make_plan(answers, found or machine(), MEDIUM, SEED)


def names(made: Plan) -> list[str]:
    return [step.name for step in made.steps]


LUKS = Answers(layout=LayoutChoice(kind="luks", swap="1 GiB"), encryption=Encryption(passphrase="correct horse"))
CUSTOM = Answers(
    layout=LayoutChoice(
        kind="custom",
        partitions=(
            Partition(name="esp", role=Role.ESP, size="100 MiB"),
            Partition(name="boot", role=Role.BOOT, size="512 MiB"),
            Partition(name="my-vg", role=Role.LVM),
        ),
        volumes=(Volume(name="root", size="50%"), Volume(name="var-log", size="rest")),
        filesystems=(
            Filesystem(on="esp", type="vfat", mount="/boot/efi"),
            Filesystem(on="boot", type="xfs", mount="/boot"),
            Filesystem(on="my-vg/root", type="xfs", mount="/"),
            Filesystem(on="my-vg/var-log", type="ext4", mount="/var/log"),
        ),
    )
)


def test_lvm_is_what_nobody_asked_for() -> None:
    made = plan(Answers())
    assert [slot.name for slot in made.places.slots] == ["bios", "esp", "boot", "vg0"]
    assert made.places.slot("esp").size == 600 * MIB
    assert made.places.slot("boot").size == GIB
    assert made.devices["vg0/root"] == "/dev/mapper/vg0-root"
    assert made.devices["vg0"] == made.devices["vg0/"] == "/dev/vda4"
    assert "swap" not in [one.type for one in made.layout.filesystems]
    assert names(made) == [
        "verify", "wipe", "partition", "volumes", "filesystems", "copy", "settings", "boot", "close", "commit",
    ]  # fmt: skip


def test_the_disk_boots_only_after_the_last_step() -> None:
    made = plan(Answers(packages=Packages(install=("less",)), scripts=(Script(content="true"),)))
    assert names(made)[-2:] == ["close", "commit"]
    assert names(made).index("packages") < names(made).index("settings") < names(made).index("scripts")


def test_volumes_fill_their_group_in_whole_extents() -> None:
    made = plan(LUKS)
    assert made.volumes["vg0/swap"] == GIB
    rest = made.places.slot("vg0").size - MIB - 16 * MIB - GIB
    assert rest - 4 * MIB < made.volumes["vg0/root"] <= rest
    assert all(size % (4 * MIB) == 0 for size in made.volumes.values())


def test_a_container_is_named_by_its_uuid() -> None:
    made = plan(LUKS)
    (line,) = boot.crypttab_lines(made).splitlines()
    name, uuid, none, options = line.split()
    assert made.devices["vg0"] == f"/dev/mapper/{name}"
    assert name == f"luks-{uuid.removeprefix('UUID=')}"
    assert (none, options) == ("none", "luks,x-initrd.attach")
    assert f"rd.luks.uuid={uuid.removeprefix('UUID=')}" in boot.kernel_arguments(made, "")
    assert "correct horse" not in repr(made)


def test_custom_layout() -> None:
    made = plan(CUSTOM, machine(device="/dev/nvme0n1"))
    assert made.devices["boot"] == "/dev/nvme0n1p2"
    assert made.devices["my-vg/var-log"] == "/dev/mapper/my--vg-var--log"
    argv = {one.on: storage.mkfs_argv(made, one) for one in made.layout.filesystems}
    assert argv["boot"][0] == argv["my-vg/root"][0] == "mkfs.xfs"
    assert "nrext64=0,exchange=0" in argv["boot"], "GRUB reads it"
    assert "nrext64=0,exchange=0" not in argv["my-vg/root"], "and this it does not"
    assert boot.mount_names(made)["boot"].startswith("UUID=")


def test_each_installation_has_identities_of_its_own() -> None:
    other = make_plan(Answers(), machine(), MEDIUM, SEED[::-1])
    mine = plan(Answers())
    assert mine.places.id != other.places.id
    assert not set(boot.mount_names(mine).values()) & set(boot.mount_names(other).values()) - {"/dev/mapper/vg0-root"}


def test_arguments_of_the_live_system_are_kept_but_for_its_own() -> None:
    cmdline = "BOOT_IMAGE=/boot/vmlinuz live=SKIFF boatyard.install systemd.unit=x.target console=ttyS1 console=ttyS1"
    cmdline += " systemd.condition_first_boot=no"
    assert boot.kernel_arguments(plan(Answers()), cmdline) == ("root=/dev/mapper/vg0-root", "ro", "console=ttyS1")


def test_partition_table_of_a_plan() -> None:
    table, extra = boot.partition_table(plan(Answers()), {})
    assert table.head[510:512] == b"\x55\xaa"
    assert table.head[512:520] == b"EFI PART"
    assert extra == {}


@pytest.mark.parametrize(
    ("answers", "found", "told"),
    [
        (Answers(), machine(arch="aarch64"), "this machine is aarch64"),
        (Answers(), machine(2 * GIB), "MiB"),
        (CUSTOM, machine(firmware="bios"), "bios-boot"),
        (Answers(disk=Disk(serial="other")), machine(), "no disk"),
    ],
)
def test_refused(answers: Answers, found: Machine, told: str) -> None:
    with pytest.raises(MachineError) as caught:
        plan(answers, found)
    assert told in str(caught.value)


@pytest.mark.parametrize("answers", [Answers(), LUKS, Answers(layout=LayoutChoice(kind="plain", swap="512 MiB"))])
def test_the_smallest_disk_is_enough_and_the_next_smaller_is_not(answers: Answers) -> None:
    from boatyard_installer.layouts import layout_for
    from boatyard_installer.plan import needed_for_root

    least = smallest_disk(layout_for(answers.layout), needed_for_root(MEDIUM))
    slack = 24 * MIB  # headers of LUKS and LVM, and the last extent
    assert plan(answers, machine(least + slack)).volumes is not None
    with pytest.raises(MachineError):
        plan(answers, machine(least - MIB))


def test_sizes_without_volumes() -> None:
    made = plan(Answers(layout=LayoutChoice(kind="plain"), root=Root()))
    assert volume_sizes(made.layout, made.places) == {}
