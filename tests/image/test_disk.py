"""Partition tables and disks: values, and what sfdisk and sgdisk say."""

from __future__ import annotations

import struct
import uuid

import pytest

from boatyard.base.error import ImageError
from boatyard.image.disk import copy_sparse, write_disk
from boatyard.image.disk_image import check_layout, disk_firmware
from boatyard.ports.run import Command
from boatyard_boot.arch import Arch
from boatyard_boot.disk import plan_disk
from boatyard_boot.error import BootError
from boatyard_boot.fstab import by_uuid, fstab
from boatyard_boot.gpt import Row, type_id, write_table
from boatyard_boot.layout import LVM, PLAIN, Filesystem, Layout, Partition, Role
from boatyard_boot.size import MIB

SEED = uuid.UUID(int=7)


def row(name, start, size):
    return Row(name=name, type_id=type_id(Role.ROOT, Arch.X86_64), id=uuid.uuid5(SEED, name), start=start, size=size)


def test_places():
    plan = plan_disk(PLAIN, SEED)
    assert plan.size == 2048 * MIB
    assert [(slot.name, slot.start // MIB, slot.size // MIB) for slot in plan.slots] == [
        ("bios", 1, 1), ("esp", 2, 64), ("root", 66, 1981),
    ]  # fmt: skip


def test_identities_come_from_the_seed():
    assert plan_disk(PLAIN, SEED) == plan_disk(PLAIN, SEED)
    one, other = plan_disk(PLAIN, SEED), plan_disk(PLAIN, uuid.UUID(int=8))
    assert not {slot.id for slot in one.slots} & {slot.id for slot in other.slots}


def test_too_small_a_disk():
    layout = Layout(
        size="60 MiB",
        partitions=(Partition(name="root", role=Role.ROOT, size="64 MiB"),),
        filesystems=(Filesystem(on="root", type="ext4", mount="/"),),
    )
    with pytest.raises(BootError, match="does not fit on a disk of 60 MiB"):
        plan_disk(layout, SEED)


def test_firmware_follows_the_partitions():
    assert disk_firmware(PLAIN) == ("uefi", "bios")


def test_fstab():
    names = {filesystem.on: by_uuid(filesystem, SEED) for filesystem in PLAIN.filesystems}
    assert fstab(PLAIN, names).splitlines() == [
        f"UUID={SEED} / ext4 defaults 0 1",
        "UUID=0000-0000 /boot/efi vfat umask=0077,nofail 0 0",
    ]


def test_fstab_is_in_the_order_of_mounting():
    lines = fstab(LVM, {filesystem.on: filesystem.on for filesystem in LVM.filesystems}).splitlines()
    assert [line.split()[1] for line in lines] == ["/", "/boot", "/boot/efi"]


def test_table_has_both_copies_and_their_checksums():
    table = write_table([row("root", MIB, 8 * MIB)], disk_size=10 * MIB, disk_id=SEED, boot_code=b"\xeb\x63")
    assert (len(table.head), len(table.tail), table.tail_at) == (34 * 512, 33 * 512, 10 * MIB - 33 * 512)
    assert table.head[:2] == b"\xeb\x63"
    assert table.head[446:462].hex() == "00000200eeffffff01000000ff4f0000"
    assert table.head[510:520] == b"\x55\xaaEFI PART"
    assert table.head[1024:] == table.tail[: 32 * 512]
    assert struct.unpack_from("<QQ", table.head, 512 + 24) == (1, 10 * 2048 - 1)
    assert struct.unpack_from("<QQ", table.tail, 32 * 512 + 24) == (10 * 2048 - 1, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [row("a", MIB, 5 * MIB), row("b", 5 * MIB, MIB)],
        [row("a", 0, MIB)],
        [row("a", MIB, 9 * MIB)],
        [row("a", MIB + 1, MIB)],
        [row(str(number), MIB + number * 512, 512) for number in range(129)],
    ],
)
def test_impossible_tables(rows):
    with pytest.raises(ValueError, match=r"overlaps|do not fit|has room"):
        write_table(rows, disk_size=10 * MIB, disk_id=SEED)


def test_too_much_boot_code():
    with pytest.raises(ValueError, match="440"):
        write_table([], disk_size=10 * MIB, disk_id=SEED, boot_code=bytes(441))


def test_holes_stay_holes(tmp_path):
    source = tmp_path / "part"
    with source.open("wb") as stream:
        stream.truncate(40 * MIB)
        stream.seek(16 * MIB)
        stream.write(b"data")
    disk = tmp_path / "disk"
    write_disk(disk, plan_disk(PLAIN, SEED), Arch.X86_64, {"root": source})
    with disk.open("rb") as stream:
        stream.seek((66 + 16) * MIB)
        assert stream.read(5) == b"data\0"
    assert disk.stat().st_size == 2048 * MIB
    assert disk.stat().st_blocks * 512 < MIB


def test_part_that_does_not_fit(tmp_path):
    source = tmp_path / "part"
    source.write_bytes(bytes(100))
    with (tmp_path / "disk").open("wb") as disk, pytest.raises(ImageError, match="has 100 bytes and its partition 99"):
        copy_sparse(source, disk.fileno(), 0, 99)


@pytest.mark.tool
def test_tools_find_no_fault(tmp_path, run):
    disk = tmp_path / "disk.raw"
    write_disk(disk, plan_disk(PLAIN, SEED), Arch.X86_64, {})
    assert "No errors detected" in run(Command(argv=("sfdisk", "--verify", str(disk)))).text
    listed = run(Command(argv=("sfdisk", "--dump", str(disk)))).text
    plan = plan_disk(PLAIN, SEED)
    assert f"label-id: {plan.id}".upper() in listed.upper()
    for slot in plan.slots:
        assert f"start={slot.start // 512:>12}, size={slot.size // 512:>12}" in listed
        assert f'uuid={slot.id}, name="{slot.name}"'.upper() in listed.upper()
    assert "No problems found" in run(Command(argv=("sgdisk", "--verify", str(disk)))).text


def layout_with(partition, **more):
    boot = Partition(name="boot", role=Role.BOOT, size="64 MiB")
    return Layout(partitions=(boot, partition), **more)


ON_BOOT = Filesystem(on="boot", type="ext4", mount="/boot")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            layout_with(
                Partition(name="root", role=Role.ROOT),
                filesystems=(ON_BOOT, Filesystem(on="root", type="xfs", mount="/")),
            ),
            "not xfs",
        ),
        (LVM, "no LVM volumes"),
        (
            layout_with(
                Partition(name="root", role=Role.ROOT, encrypt=True),
                filesystems=(ON_BOOT, Filesystem(on="root", type="ext4", mount="/")),
            ),
            "cannot encrypt the partition 'root'",
        ),
    ],
)
def test_layouts_only_the_installer_can_make(layout, message):
    with pytest.raises(ImageError, match=message):
        check_layout(layout)
