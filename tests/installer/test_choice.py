"""Which disk is taken: disk layouts as a table. In each, the one disk that may be taken, or why none is."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from boatyard_boot.size import GIB, MIB
from boatyard_installer.answers import Disk
from boatyard_installer.choice import candidates, choose
from boatyard_installer.error import MachineError
from boatyard_installer.probe import FoundDisk, Machine

NEEDED = 4 * GIB


def a_disk(name: str, **said: object) -> FoundDisk:
    fields: dict[str, object] = {"size": 20 * GIB, "serial": f"S-{name}", "bus": "sata", "ids": (f"ata-{name}",)}
    return FoundDisk(device=f"/dev/{name}", **{**fields, **said})  # type: ignore[arg-type]


EMPTY = a_disk("sda")
OTHER = a_disk("sdb")
SMALL = a_disk("sdc", size=8 * GIB)
WINDOWS = a_disk("sda", signatures=("gpt", "PMBR", "ntfs", "BitLocker"))
LINUX = a_disk("sdb", signatures=("gpt", "vfat", "ext4"))
LUKS = a_disk("sda", signatures=("crypto_LUKS",))
LVM = a_disk("sda", signatures=("LVM2_member",))
LVM_ON = a_disk("sda", signatures=("LVM2_member",), holders=("dm-0 (vg-root)",))
RAID = a_disk("sda", signatures=("linux_raid_member",), holders=("md127",))
PATHS = tuple(a_disk(n, serial="3600", ids=(), holders=("dm-0 (mpatha)",)) for n in ("sda", "sdb"))
PATHS_IDLE = tuple(a_disk(n, serial="3600", ids=()) for n in ("sda", "sdb"))
UNKNOWN = a_disk("sda", signatures=("unknown data",))
STICK = a_disk("sdz", bus="usb", removable=True, medium=True, used_by=("/run/live/media",), signatures=("iso9660",))
FIXED_MEDIUM = a_disk("sdz", medium=True, used_by=("/run/live/media",), signatures=("iso9660",))
OTHER_STICK = a_disk("sdy", bus="usb", removable=True)
MOUNTED = a_disk("sda", signatures=("ext4",), used_by=("/mnt",))
SWAPPED = a_disk("sda", signatures=("swap",), used_by=("swap",))
READ_ONLY = a_disk("sda", read_only=True)
DYING = a_disk("sda", fault="Input/output error")
FOUR_K = a_disk("nvme0n1", bus="nvme", sector=4096)
JUST = a_disk("sda", size=NEEDED)
ALMOST = a_disk("sda", size=NEEDED - MIB)
VIRTIO = a_disk("vda", bus="virtio", serial="root-1", ids=("virtio-root-1",))
VIRTIO_DATA = a_disk("vdb", bus="virtio", serial="data-1", ids=("virtio-data-1",), signatures=("xfs",))
NO_SERIAL = a_disk("vda", bus="virtio", serial="", ids=())
ANSWERS = a_disk("vdb", bus="virtio", size=MIB, signatures=("vfat",), used_by=("/run/boatyard/answers",))


class Case(NamedTuple):
    """`result`: the device of the disk that is taken, or words of the refusal."""

    name: str
    disks: tuple[FoundDisk, ...]
    wanted: Disk
    result: str


NOTHING, WIPE = Disk(), Disk(wipe=True)
CASES = [
    # Nothing is said: the only disk, or the only empty one.
    Case("one empty disk", (EMPTY,), NOTHING, "/dev/sda"),
    Case("no disk at all", (), NOTHING, "the machine has no disk"),
    Case("two empty disks", (EMPTY, OTHER), NOTHING, "several disks"),
    Case("two empty disks, wipe", (EMPTY, OTHER), WIPE, "several disks"),
    Case("one empty beside one with data", (EMPTY, LINUX), NOTHING, "/dev/sda"),
    Case("one empty beside one with data, wipe", (EMPTY, LINUX), WIPE, "several disks"),
    Case("two with data", (WINDOWS, LINUX), NOTHING, "several disks"),
    Case("two with data, wipe", (WINDOWS, LINUX), WIPE, "several disks"),
    Case("the empty one of two is too small", (LINUX, a_disk("sda", size=GIB)), NOTHING, "too small"),
    Case("two empty, one too small", (EMPTY, a_disk("sdb", size=GIB)), NOTHING, "several disks"),
    Case("one empty beside one that cannot be read", (OTHER, DYING), NOTHING, "/dev/sdb"),
    # Data on the only disk.
    Case("BitLocker", (WINDOWS,), NOTHING, "not empty: it holds gpt, PMBR, ntfs, BitLocker"),
    Case("BitLocker, wipe", (WINDOWS,), WIPE, "/dev/sda"),
    Case("LUKS", (LUKS,), NOTHING, "crypto_LUKS"),
    Case("LVM member", (LVM,), NOTHING, "LVM2_member"),
    Case("active LVM", (LVM_ON,), NOTHING, "dm-0 (vg-root)"),
    Case("active LVM, wipe", (LVM_ON,), WIPE, "/dev/sda"),
    Case("RAID member", (RAID,), NOTHING, "md127"),
    Case("data without a signature", (UNKNOWN,), NOTHING, "unknown data"),
    # Never, whatever is said.
    Case("mounted", (MOUNTED,), WIPE, "in use: /mnt"),
    Case("swap", (SWAPPED,), WIPE, "in use: swap"),
    Case("read-only", (READ_ONLY,), WIPE, "read-only"),
    Case("dying", (DYING,), WIPE, "cannot be read: Input/output error"),
    Case("4096-byte sectors", (FOUR_K,), WIPE, "4096-byte sectors"),
    Case("1 MiB too small", (ALMOST,), WIPE, "too small: 4095 MiB, and 4096 MiB are needed"),
    Case("just large enough", (JUST,), NOTHING, "/dev/sda"),
    Case("mounted, by serial", (MOUNTED, OTHER), Disk(serial="S-sda", wipe=True), "in use: /mnt"),
    # The medium and removable disks.
    Case("stick with the ISO and one disk", (STICK, EMPTY), NOTHING, "/dev/sda"),
    Case("stick with the ISO alone", (STICK,), WIPE, "no disk matches"),
    Case(
        "the medium by its serial", (STICK, EMPTY), Disk(serial="S-sdz", wipe=True, removable=True), "no disk matches"
    ),
    Case("the medium on a fixed disk", (FIXED_MEDIUM, EMPTY), NOTHING, "/dev/sda"),
    Case("the medium on a fixed disk, wipe", (FIXED_MEDIUM, WINDOWS), WIPE, "/dev/sda"),
    Case("another stick", (OTHER_STICK,), NOTHING, "no disk matches"),
    Case("another stick, removable", (STICK, OTHER_STICK), Disk(removable=True), "/dev/sdy"),
    Case("another stick by serial", (OTHER_STICK, EMPTY), Disk(serial="S-sdy"), "no disk matches"),
    # Named.
    Case("serial", (VIRTIO, VIRTIO_DATA, EMPTY), Disk(serial="root-1"), "/dev/vda"),
    Case("serial of a disk with data", (VIRTIO, VIRTIO_DATA), Disk(serial="data-1"), "not empty: it holds xfs"),
    Case("serial of a disk with data, wipe", (VIRTIO, VIRTIO_DATA), Disk(serial="data-1", wipe=True), "/dev/vdb"),
    Case("serial of no disk", (EMPTY, OTHER), Disk(serial="S-sdq", wipe=True), "no disk matches"),
    Case("serial in another case", (EMPTY,), Disk(serial="s-SDA"), "no disk matches"),
    Case("a part of a serial", (EMPTY,), Disk(serial="S-sd"), "no disk matches"),
    Case("serial and another bus", (VIRTIO,), Disk(serial="root-1", bus="nvme"), "no disk matches"),
    Case("one serial, two paths", PATHS, Disk(serial="3600", wipe=True), "several disks match"),
    Case("one serial, two paths, no multipath", PATHS_IDLE, Disk(serial="3600"), "several disks match"),
    Case("two paths, nothing said", PATHS_IDLE, NOTHING, "several disks"),
    Case("by-id", (EMPTY, OTHER), Disk(by_id="ata-sdb"), "/dev/sdb"),
    Case("by-id pattern", (EMPTY, VIRTIO), Disk(by_id="virtio-*"), "/dev/vda"),
    Case("by-id pattern of two", (EMPTY, OTHER), Disk(by_id="ata-*"), "several disks match"),
    Case("by-id in another case", (EMPTY,), Disk(by_id="ATA-sda"), "no disk matches"),
    Case("bus", (EMPTY, VIRTIO), Disk(bus="virtio"), "/dev/vda"),
    Case("bus of two, one empty", (VIRTIO, VIRTIO_DATA), Disk(bus="virtio"), "several disks match"),
    Case("bus, and the disk of the answers", (VIRTIO, ANSWERS), Disk(bus="virtio"), "several disks match"),
    Case("the disk of the answers", (NO_SERIAL, ANSWERS), NOTHING, "/dev/vda"),
    Case("at most", (EMPTY, SMALL), Disk(max_size="10 GiB"), "/dev/sdc"),
    Case("at least", (EMPTY, SMALL), Disk(min_size="20 GiB"), "/dev/sda"),
    Case("between, of neither", (EMPTY, SMALL), Disk(min_size="9 GiB", max_size="19 GiB"), "no disk matches"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_disk_layouts(case: Case) -> None:
    machine = Machine(disks=case.disks, firmware="uefi", arch="x86_64", memory=GIB)
    if case.result.startswith("/dev/"):
        assert choose(case.wanted, machine, NEEDED).device == case.result
        return
    with pytest.raises(MachineError) as caught:
        choose(case.wanted, machine, NEEDED)
    assert case.result in str(caught.value)
    assert caught.value.hint
    # Every disk is told, so that the answers can be mended without a look at the machine.
    lines = caught.value.detail.splitlines()
    assert [line.split()[0] for line in lines] == [disk.device for disk in case.disks]
    assert all(disk.serial in line and disk.bus in line for disk, line in zip(case.disks, lines, strict=True))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_whatever_the_order_of_the_disks(case: Case) -> None:
    def outcome(disks: tuple[FoundDisk, ...]) -> str:
        try:
            return choose(case.wanted, Machine(disks=disks, firmware="bios", arch="x86_64", memory=1), NEEDED).device
        except MachineError as error:
            return error.what

    assert outcome(case.disks) == outcome(case.disks[::-1])


def test_a_disk_that_is_taken_has_no_reason_against_it() -> None:
    for case in CASES:
        machine = Machine(disks=case.disks, firmware="uefi", arch="x86_64", memory=GIB)
        usable = [disk.device for disk, reason in candidates(case.wanted, machine, NEEDED) if not reason]
        if case.result.startswith("/dev/"):
            assert case.result in usable, case.name
        if "S-sdz" in case.wanted.serial:
            assert not usable


def test_the_hint_names_the_key() -> None:
    machine = Machine(disks=(WINDOWS,), firmware="uefi", arch="x86_64", memory=GIB)
    with pytest.raises(MachineError) as caught:
        choose(NOTHING, machine, NEEDED)
    assert "`wipe = true`" in caught.value.hint
    assert str(caught.value).splitlines()[1] == (
        "  | /dev/sda  21.5 GB  serial S-sda  sata: not empty: it holds gpt, PMBR, ntfs, BitLocker"
    )
