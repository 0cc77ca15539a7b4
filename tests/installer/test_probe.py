"""Disks found in trees like those of /sys, /proc, /dev and /run, and what real signatures look like."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from boatyard_installer.error import StepError
from boatyard_installer.probe import CLAIM_S, FoundDisk, probe
from boatyard_installer.run import HostRun

SIZE = 4 << 20
PCI = "pci0000:00/0000:00:04.0"
VIRTIO = f"{PCI}/virtio1/block/vda"
NVME = f"{PCI}/nvme/nvme0/nvme0n1"
SATA = "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda"
SCSI = f"{PCI}/virtio0/host2/target2:0:0/2:0:0:0/block/sdb"
USB = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0/block/sdz"


class Tree:
    """A machine's files below a folder; `wipefs` is answered from `signatures`, by device."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.signatures: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self.mounts = ["22 1 0:21 / /proc rw - proc proc rw"]
        self.swaps: list[str] = []

    def put(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def link(self, name: str, target: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def disk(self, place: str, number: str, data: bytes = b"", **attributes: str | bytes) -> str:
        """A disk at a place in /sys/devices; attributes with __ for /."""
        name = place.rsplit("/", 1)[1]
        folder = f"sys/devices/{place}"
        said = {"size": f"{SIZE // 512}", "dev": number, "removable": "0", "ro": "0", "hidden": "0", **attributes}
        for key, text in said.items():
            self.put(f"{folder}/{key.replace('__', '/')}", text if isinstance(text, bytes) else f"{text}\n")
        self.link(f"sys/block/{name}", f"../devices/{place}")
        self.put(f"dev/{name}", data.ljust(SIZE, b"\0"))
        return folder

    def partition(self, folder: str, number: int, dev: str) -> str:
        disk = folder.rsplit("/", 1)[1]
        name = f"{disk}{'p' if disk[-1].isdigit() else ''}{number}"
        self.put(f"{folder}/{name}/partition", f"{number}\n")
        self.put(f"{folder}/{name}/dev", f"{dev}\n")
        self.put(f"dev/{name}", b"")
        return f"{folder}/{name}"

    def mapped(self, on: str, name: str, dev: str, title: str) -> str:
        folder = f"sys/devices/virtual/block/{name}"
        self.put(f"{folder}/dev", f"{dev}\n")
        self.put(f"{folder}/size", "2048\n")
        self.put(f"{folder}/dm/name", f"{title}\n")
        if not (self.root / f"sys/block/{name}").exists():
            self.link(f"sys/block/{name}", f"../devices/virtual/block/{name}")
        self.link(f"{on}/holders/{name}", str(self.root / folder))
        return folder

    def mount(self, number: str, point: str, source: str, kind: str = "ext4") -> None:
        self.mounts.append(f"{30 + len(self.mounts)} 22 {number} / {point} rw,relatime shared:1 - {kind} {source} rw")

    def run(self, *argv: str, **said: object) -> str:
        assert argv[:-1] == ("wipefs", "--no-act", "--noheadings", "--output=TYPE")
        name = argv[-1].removeprefix(f"{self.root}/dev/")
        if name in self.broken:
            raise StepError("wipefs failed (exit code 1)", detail=self.broken[name])
        return self.signatures.get(name, "")

    def disks(self) -> tuple[FoundDisk, ...]:
        self.put("proc/self/mountinfo", "\n".join(self.mounts) + "\n")
        self.put("proc/swaps", "\n".join(["Filename\tType\tSize\tUsed\tPriority", *self.swaps]) + "\n")
        return probe(self.run, self.root).disks

    def only(self) -> FoundDisk:
        (disk,) = self.disks()
        return disk


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_virtio(tree: Tree) -> None:
    tree.disk(VIRTIO, "254:0", serial="root-1", queue__logical_block_size="512")
    tree.link("dev/disk/by-id/virtio-root-1", "../../vda")
    tree.link("dev/disk/by-id/virtio-root-1-part1", "../../vda1")
    tree.link("dev/disk/by-id/bad\nname", "../../vda")
    expected = FoundDisk(device="/dev/vda", size=SIZE, serial="root-1", ids=("virtio-root-1",), bus="virtio")
    assert tree.disks() == (expected,)


def test_nvme(tree: Tree) -> None:
    folder = tree.disk(
        NVME,
        "259:0",
        device__serial="S4EVNX0R123456      ",
        device__model="Samsung  SSD\n",
        queue__logical_block_size="4096",
    )
    tree.partition(folder, 1, "259:1")
    tree.disk(f"{PCI}/nvme/nvme0/nvme0c0n1", "259:9", hidden="1")
    tree.signatures = {"nvme0n1": "gpt\ngpt\nPMBR\n", "nvme0n1p1": "BitLocker\n"}
    assert tree.only() == FoundDisk(
        device="/dev/nvme0n1",
        size=SIZE,
        sector=4096,
        serial="S4EVNX0R123456",
        model="Samsung SSD",
        bus="nvme",
        signatures=("gpt", "PMBR", "BitLocker"),
    )


def test_sata_and_scsi(tree: Tree) -> None:
    tree.disk(SATA, "8:0", device__vpd_pg80=b"\0\x80\0\x0bWD-WCC41234", device__model="WDC WD10", ro="1")
    tree.disk(SCSI, "8:16", device__model="HARDDISK")
    tree.put("run/udev/data/b8:16", "S:disk/by-id/x\nE:ID_SERIAL=0QEMU_x\nE:ID_SCSI_SERIAL=drive-1\n")
    first, second = tree.disks()
    assert (first.serial, first.bus, first.read_only) == ("WD-WCC41234", "sata", True)
    assert (second.serial, second.bus, second.read_only) == ("drive-1", "scsi", False)


@pytest.mark.parametrize(
    ("place", "bus"),
    [
        ("LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/f8b3/host0/target0:0:0/0:0:0:0/block/sda", "hyperv"),
        ("LNXSYSTM:00/VMBUS:00/c05b/pcic05b:00/c05b:00:00.0/nvme/nvme0/nvme0n1", "nvme"),
        ("vbd-51712/block/xvda", "xen"),
        ("platform/soc/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "mmc"),
        ("virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "nvme"),
        ("pci0000:00/0000:00:05.0/cciss0/block/cciss!c0d0", ""),
    ],
)
def test_buses(tree: Tree, place: str, bus: str) -> None:
    tree.disk(place, "8:0")
    if "!" in place:
        tree.put("dev/cciss/c0d0", b"\0" * SIZE)
    disk = tree.only()
    assert disk.bus == bus
    assert disk.device == "/dev/" + place.rsplit("/", 1)[1].replace("!", "/")
    assert not disk.fault


def test_what_is_no_disk(tree: Tree) -> None:
    for name in ("loop0", "ram0", "zram0", "md127", "dm-0", "nbd0"):
        tree.disk(f"virtual/block/{name}", "7:0")
    tree.disk(f"{PCI}/ata2/host1/target1:0:0/1:0:0:0/block/sr0", "11:0")
    tree.disk("platform/floppy.0/block/fd0", "2:0")
    tree.disk("platform/mmc_host/mmc0/mmc0:0001/block/mmcblk0boot0", "179:8")
    tree.disk(USB, "8:240", size="0")  # a card reader without a card
    assert tree.disks() == ()


@pytest.mark.parametrize("number", ["8:240", "8:242"])
def test_a_stick_with_the_medium(tree: Tree, number: str) -> None:
    """Of a hybrid ISO either the whole stick is mounted or its partition."""
    folder = tree.disk(USB, "8:240", removable="1", device__model="Ultra Fit")
    tree.put("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/serial", "4C53\n")
    tree.put("sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/idVendor", "0781\n")
    tree.put("sys/devices/pci0000:00/0000:00:14.0/usb1/serial", "0000:00:14.0\n")
    tree.put("sys/devices/pci0000:00/0000:00:14.0/usb1/idVendor", "1d6b\n")
    tree.partition(folder, 2, "8:242")
    tree.mount(number, "/run/live/media", "/dev/sdz", "iso9660")
    disk = tree.only()
    assert disk.medium
    assert disk.removable
    assert (disk.serial, disk.bus) == ("4C53", "usb")


def test_a_medium_through_device_mapper(tree: Tree) -> None:
    """As multi-boot sticks do it."""
    folder = tree.disk(SATA, "8:0")
    tree.mapped(tree.partition(folder, 1, "8:1"), "dm-0", "253:0", "ventoy")
    tree.mount("253:0", "/run/live/media", "/dev/mapper/ventoy", "iso9660")
    tree.disk(VIRTIO, "254:0")
    assert [(disk.device, disk.medium) for disk in tree.disks()] == [("/dev/sda", True), ("/dev/vda", False)]


def test_lvm_on_luks(tree: Tree) -> None:
    folder = tree.disk(SATA, "8:0")
    part = tree.partition(folder, 3, "8:3")
    luks = tree.mapped(part, "dm-0", "253:0", "luks-1234")
    tree.mapped(luks, "dm-1", "253:1", "vg-root")
    tree.mapped(luks, "dm-2", "253:2", "vg-swap")
    tree.signatures = {"sda": "gpt\n", "sda3": "crypto_LUKS\n"}
    disk = tree.only()
    assert disk.holders == ("dm-0 (luks-1234)", "dm-1 (vg-root)", "dm-2 (vg-swap)")
    assert disk.signatures == ("gpt", "crypto_LUKS")
    assert disk.used_by == ()
    tree.mount("253:1", "/mnt/my\\040disk", "/dev/mapper/vg-root")
    tree.link("dev/mapper/vg-swap", "../dm-2")
    tree.swaps = ["/dev/mapper/vg-swap                     partition\t1\t0\t-2"]
    assert tree.only().used_by == ("/mnt/my disk", "swap")


def test_two_disks_under_one_raid(tree: Tree) -> None:
    for place, number in ((SATA, "8:0"), (SCSI, "8:16")):
        tree.mapped(tree.disk(place, number), "md127", "9:127", "")
    tree.partition("sys/devices/virtual/block/md127", 1, "259:5")
    tree.mount("259:5", "/data", "/dev/md127p1")
    first, second = tree.disks()
    assert first.used_by == second.used_by == ("/data",)
    assert first.holders == second.holders == ("md127", "md127p1")


def test_btrfs_has_numbers_of_its_own(tree: Tree) -> None:
    tree.disk(SATA, "8:0")
    tree.disk(SCSI, "8:16")
    tree.disk(VIRTIO, "254:0")
    tree.mount("0:44", "/", "/dev/sda", "btrfs")
    tree.link("sys/fs/btrfs/0a1b/devices/sda", "/nowhere")
    tree.link("sys/fs/btrfs/0a1b/devices/sdb", "/nowhere")
    assert [disk.used_by for disk in tree.disks()] == [("/", "btrfs"), ("btrfs",), ()]


class Claimed:
    """The kernel refuses a disk to a second user the first `times`; a clock that only sleeping moves."""

    def __init__(self, times: int, error: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self._left, self._error, self._open = 0.0, times, error, os.open
        monkeypatch.setattr(os, "open", self.open)
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("time.sleep", self.sleep)

    def open(self, path: str, flags: int, *more: int, **named: int) -> int:
        if str(path).endswith("/dev/vda") and flags & os.O_EXCL and self._left:
            self._left -= 1
            raise OSError(errno.EBUSY if self._left else self._error, "refused", path)
        return self._open(path, flags, *more, **named)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("error", [errno.EBUSY, errno.ENXIO])
def test_a_disk_that_is_claimed_for_a_moment_is_free(tree: Tree, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    tree.disk(VIRTIO, "254:0")
    claimed = Claimed(5, error, monkeypatch)
    assert tree.only().used_by == ()
    assert claimed.now > 0


def test_a_disk_that_stays_claimed_is_in_use(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.disk(VIRTIO, "254:0")
    claimed = Claimed(1 << 30, errno.EBUSY, monkeypatch)
    assert tree.only().used_by == ("the kernel, which has it open",)
    assert claimed.now >= CLAIM_S


def test_a_disk_whose_user_is_known_is_not_waited_for(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.disk(VIRTIO, "254:0")
    tree.mount("254:0", "/mnt", "/dev/vda")
    claimed = Claimed(1 << 30, errno.EBUSY, monkeypatch)
    assert tree.only().used_by == ("/mnt",)
    assert claimed.now == 0


def test_data_without_a_signature(tree: Tree) -> None:
    tree.disk(SATA, "8:0", data=b"\0" * 5000 + b"x")
    tree.disk(SCSI, "8:16", data=b"\0" * (SIZE - 1) + b"x")
    tree.disk(VIRTIO, "254:0")
    assert [disk.signatures for disk in tree.disks()] == [("unknown data",), ("unknown data",), ()]


def test_a_disk_that_cannot_be_read_is_not_empty(tree: Tree) -> None:
    tree.disk(SATA, "8:0")
    tree.disk(SCSI, "8:16")
    tree.broken["sda"] = "wipefs: error: /dev/sda: probing initialization failed: Input/output error"
    (tree.root / "dev/sdb").unlink()
    first, second = tree.disks()
    assert first.fault.endswith("Input/output error")
    assert second.fault == "No such file or directory"


def test_hostile_words(tree: Tree) -> None:
    tree.disk(
        VIRTIO,
        "254:0",
        serial="A\x1b[2J\nB\0\u202eC",
        device__model=b"\xff\xfe" + b"M" * 9000,
        queue__logical_block_size="-1; rm",
    )
    tree.put("run/udev/data/b254:0", b"E:\xff\nE:=\n\0\n")
    tree.mounts += ["", "x", "1 2 3 - ", "1 2 254:0 / /mnt\\033[2J rw - a", "1 2 254:0 / /m\\012n rw - a /dev/vda rw"]
    tree.swaps = ["/dev/\\057vda file"]
    disk = tree.only()
    assert disk.serial == "A?[2J B ?C"
    assert disk.model.startswith("??M")
    assert len(disk.model) == 128
    assert disk.sector == 512
    assert disk.used_by == ("/m n", "swap")


def test_a_link_as_the_serial_of_another_disk_gives_no_id(tree: Tree) -> None:
    tree.disk(VIRTIO, "254:0")
    tree.link("dev/disk/by-id/out", "../../../../../etc/passwd")
    tree.link("dev/disk/by-id/absolute", "/dev/vda")
    assert tree.only().ids == ("absolute",)


def test_firmware_and_memory(tree: Tree) -> None:
    tree.put("proc/meminfo", "MemTotal:        2048000 kB\nMemFree: 1 kB\n")
    machine = probe(tree.run, tree.root)
    assert (machine.firmware, machine.memory, machine.disks) == ("bios", 2048000 << 10, ())
    (tree.root / "sys/firmware/efi").mkdir(parents=True)
    assert probe(tree.run, tree.root).firmware == "uefi"


@pytest.mark.tool
def test_real_signatures(tree: Tree) -> None:
    """The content is seen by the real wipefs, which leaves it as it is."""
    folder = tree.disk(SATA, "8:0")
    tree.partition(folder, 1, "8:1")
    tree.disk(SCSI, "8:16")
    tree.disk(VIRTIO, "254:0")
    (tree.root / "dev/sda1").write_bytes(b"\0" * SIZE)
    path = f"/usr/sbin:/sbin:{Path(shutil.which('sh') or '/bin/sh').parent}"
    for argv, text in (
        (["sfdisk", "--quiet", f"{tree.root}/dev/sda"], "label: gpt\nsize=1MiB\n"),
        (["mkfs.ext4", "-q", "-F", f"{tree.root}/dev/sda1"], ""),
        (["mkswap", f"{tree.root}/dev/sdb"], ""),
    ):
        subprocess.run(argv, input=text, text=True, check=True, capture_output=True, env={"PATH": path})
    before = [(tree.root / "dev" / name).read_bytes() for name in ("sda", "sda1", "sdb", "vda")]
    disks = probe(HostRun(lambda line: None), tree.root).disks
    assert [disk.signatures for disk in disks] == [("gpt", "PMBR", "ext4"), ("swap",), ()]
    assert not any(disk.fault for disk in disks)
    assert before == [(tree.root / "dev" / name).read_bytes() for name in ("sda", "sda1", "sdb", "vda")]
