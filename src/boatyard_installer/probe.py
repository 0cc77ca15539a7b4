"""What the machine has: its disks as the kernel and udev know them, its firmware, its memory. Only reads."""

from __future__ import annotations

import errno
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.size import MIB
from boatyard_installer.error import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard_installer.run import Run

MEDIA = "/run/live/media"
# No disks to install on: loop, ram, zram, dm-, md, nbd (all below /devices/virtual/block), CD drives, floppies, and the
# hardware partitions of eMMC, which the kernel shows as disks.
NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|nbd|sr|fd)[0-9].*|mmcblk[0-9]+(boot|rpmb|gp)[0-9]*")
# The first that fits the place in sysfs. USB and SATA disks speak SCSI, disks of Hyper-V and Xen do too.
BUSES = (
    ("usb", re.compile(r"/usb[0-9]+/")),
    ("nvme", re.compile(r"/nvme[^/]*$")),
    ("mmc", re.compile(r"/mmcblk[0-9]+$")),
    ("sata", re.compile(r"/ata[0-9]+/")),
    ("hyperv", re.compile(r"/vmbus", re.IGNORECASE)),
    ("xen", re.compile(r"/vbd-|/xvd[^/]*$")),
    ("scsi", re.compile(r"/host[0-9]+/")),
    ("virtio", re.compile(r"/virtio[0-9]+/")),
)
SECTOR = 512  # the unit of /sys/block/*/size, whatever the disk's own sectors are
SERIAL_PAGE = 4  # bytes before the serial in SCSI's vital product data page 0x80
UDEV_SERIALS = ("ID_SCSI_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL")  # the order of lsblk(8)
PROBE_S = 60
# The kernel claims a disk for a moment while it looks for partitions, and so does each program that udev starts on it.
CLAIM_S, CLAIM_LOOK_S = 15.0, 0.25
MAX_ATTRIBUTE = 4096
MAX_WORD = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDisk:
    """A whole disk. `device`: /dev/vda; `size` in bytes; `sector`: its logical sectors; `ids`: its names in
    /dev/disk/by-id. `signatures`: what it or its partitions hold (`gpt`, `LVM2_member`, `ext4`, ..., or
    `unknown data`); `used_by`: where it is mounted, and `swap`; `holders`: devices on top of it, as `dm-0 (vg-root)`;
    `medium`: the running system comes from it; `fault`: why it could not be read.
    """

    device: str
    size: int
    sector: int = 512
    serial: str = ""
    model: str = ""
    ids: tuple[str, ...] = ()
    bus: str = ""
    removable: bool = False
    read_only: bool = False
    signatures: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    medium: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`firmware`: uefi or bios; `memory` in bytes; `arch` as `uname -m` has it."""

    disks: tuple[FoundDisk, ...]
    firmware: str
    arch: str
    memory: int


def probe(run: Run, root: Path = Path("/")) -> Machine:
    """The machine whose /sys, /proc, /dev and /run are below `root`. A disk without a medium in it is left out.

    `run` starts wipefs(8), which only reads here. What cannot be found out about a disk is its `fault`, no error.
    """
    uses = list(_uses(root))
    ids = _ids(root)
    return Machine(
        disks=tuple(_disk(run, root, folder, uses, ids) for folder in _disk_folders(root)),
        firmware="uefi" if (root / "sys/firmware/efi").exists() else "bios",
        arch=os.uname().machine,
        memory=_memory(root),
    )


def _disk_folders(root: Path) -> Iterator[Path]:
    """The folder in /sys/devices of each disk that has a size, in the order of their names."""
    blocks = root / "sys/block"
    for link in sorted(blocks.iterdir() if blocks.is_dir() else ()):
        folder = link.resolve()
        # `hidden`: one path of a multipath NVMe disk, which has a name of its own.
        if NO_DISK.fullmatch(link.name) or folder.parent.match("virtual/block") or _number(folder / "hidden"):
            continue
        if _number(folder / "size"):
            yield folder


def _disk(run: Run, root: Path, folder: Path, uses: list[tuple[str, str]], ids: dict[str, list[str]]) -> FoundDisk:
    device = _device(folder)
    parts = [folder, *_partitions(folder)]
    above = {path.name: path for part in parts for path in _above(part)}
    numbers = {_text(path / "dev") for path in (*parts, *above.values())}
    names = {path.name for path in (*parts, *above.values())}
    used_by = sorted({use for key, use in uses if key in numbers or key in names})
    signatures, fault, busy = _content(run, root, parts)
    if busy and not used_by and not above:
        busy = _stays_claimed(str(root / device[1:]))
    if busy and not used_by and not above:  # by a mount this process does not see, or by something it does not know
        used_by = ["the kernel, which has it open"]
    return FoundDisk(
        device=device,
        size=_number(folder / "size") * SECTOR,
        sector=_number(folder / "queue/logical_block_size") or SECTOR,
        serial=_serial(root, folder),
        model=_clean(_text(folder / "device/model")),
        ids=tuple(sorted(ids.get(device, ()))),
        bus=_bus(root, folder),
        removable=bool(_number(folder / "removable")),
        read_only=bool(_number(folder / "ro")),
        signatures=signatures,
        used_by=tuple(used_by),
        holders=tuple(_title(path) for _, path in sorted(above.items())),
        medium=MEDIA in used_by,
        fault=fault,
    )


def _device(folder: Path) -> str:
    return "/dev/" + folder.name.replace("!", "/")  # as in cciss!c0d0


def _partitions(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/partition"))


def _above(folder: Path) -> Iterator[Path]:
    """The devices on top of one (LVM, dm-crypt, md, multipath, bcache), with their partitions and all on top of them.

    The kernel lets no circles arise.
    """
    for link in sorted(folder.glob("holders/*")):
        path = link.resolve()
        yield path
        for part in (path, *_partitions(path)):
            yield from _above(part)
        yield from _partitions(path)


def _title(folder: Path) -> str:
    name = _clean(_text(folder / "dm/name"))
    return f"{folder.name} ({name})" if name else folder.name


def _uses(root: Path) -> Iterator[tuple[str, str]]:
    """What is mounted or swapped on: a `major:minor` or a name in /sys/class/block, and the mount point or `swap`.

    btrfs has numbers of its own in mountinfo, so the source of a mount counts as well, and all devices of a mounted
    btrfs.
    """
    for line in _lines(root / "proc/self/mountinfo"):
        words = line.split()
        if len(words) < 10 or "-" not in words[6:]:
            continue
        point = _clean(_unescape(words[4]))
        yield words[2], point
        yield _name(root, _unescape(words[words.index("-", 6) + 2])), point
    for line in _lines(root / "proc/swaps")[1:]:
        yield _name(root, _unescape(line.split()[0])), "swap"
    for link in (root / "sys/fs/btrfs").glob("*/devices/*"):
        yield link.name, "btrfs"


def _name(root: Path, device: str) -> str:
    """The kernel's name of a device file; of a link such as /dev/mapper/vg-root, of what it leads to."""
    if not device.startswith("/dev/"):
        return ""
    path = root / device[1:]
    return (path.readlink() if path.is_symlink() else path).name


def _content(run: Run, root: Path, parts: list[Path]) -> tuple[tuple[str, ...], str, bool]:
    """What a disk (the first of the folders) and its partitions hold, why it is not known, whether the disk is busy."""
    found: list[str] = []
    data = busy = False
    try:
        for number, part in enumerate(parts):
            device = str(root / _device(part)[1:])
            found += run("wipefs", "--no-act", "--noheadings", "--output=TYPE", device, timeout_s=PROBE_S).split()
            if number == 0:
                data, busy = _edges(device, _number(part / "size") * SECTOR)
    except StepError as error:
        last = error.detail.splitlines()[-1:] or [error.what]
        return (), _clean(last[0]), busy
    except OSError as error:
        return (), error.strerror or str(error), busy
    if data and not found:
        found = ["unknown data"]
    return tuple(dict.fromkeys(map(_clean, found))), "", busy


def _edges(device: str, size: int) -> tuple[bool, bool]:
    """Whether the first or the last MiB of a disk has other bytes than zeros, and whether the kernel has it in use.

    Both are read because a disk that cannot be read there could not be written either, and because not all that
    people keep on disks has a signature.
    """
    try:
        # Of a block device, O_EXCL means: not while it or a partition is mounted or has a holder.
        descriptor, busy = os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC), False
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        descriptor, busy = os.open(device, os.O_RDONLY | os.O_CLOEXEC), True
    try:
        ends = [os.pread(descriptor, MIB, at) for at in (0, max(0, size - MIB))]
    finally:
        os.close(descriptor)
    return any(end.strip(b"\0") for end in ends), busy


def _stays_claimed(device: str) -> bool:
    """Whether the kernel goes on refusing a disk to a second user, for longer than a look at its partitions takes."""
    deadline = time.monotonic() + CLAIM_S
    while time.monotonic() < deadline:
        try:
            os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
        except OSError as error:
            if error.errno != errno.EBUSY:
                return False
        else:
            return False
        time.sleep(CLAIM_LOOK_S)
    return True


def _ids(root: Path) -> dict[str, list[str]]:
    """Names in /dev/disk/by-id by device."""
    found: dict[str, list[str]] = {}
    folder = root / "dev/disk/by-id"
    for link in sorted(folder.iterdir() if folder.is_dir() else ()):
        if link.is_symlink() and _clean(link.name) == link.name:
            target = os.path.normpath(os.path.join("/dev/disk/by-id", link.readlink()))  # noqa: PTH118 not on the host
            found.setdefault(target, []).append(link.name)
    return found


def _serial(root: Path, folder: Path) -> str:
    """The serial number as lsblk(8) shows it; of a USB stick, the one of the USB device."""
    texts = [_text(folder / "serial"), _text(folder / "device/serial")]
    if _bus(root, folder) == "usb":
        texts += [_text(parent / "serial") for parent in folder.parents if (parent / "idVendor").exists()][:1]
    texts.append(_text(folder / "device/vpd_pg80", skip=SERIAL_PAGE))
    fields = dict(
        line[2:].split("=", 1)
        for line in _lines(root / f"run/udev/data/b{_text(folder / 'dev')}")
        if line.startswith("E:") and "=" in line
    )
    texts += [fields.get(name, "") for name in UDEV_SERIALS]
    return next(filter(None, map(_clean, texts)), "")


def _bus(root: Path, folder: Path) -> str:
    place = "/" + str(folder.relative_to(root.resolve()))
    return next((bus for bus, pattern in BUSES if pattern.search(place)), "")


def _memory(root: Path) -> int:
    for line in _lines(root / "proc/meminfo"):
        if found := re.fullmatch(r"MemTotal:\s+([0-9]+) kB", line):
            return int(found[1]) << 10
    return 0


def _clean(text: str) -> str:
    """Printable ASCII in one line: what a device says of itself must not move a cursor or end a line of the log."""
    return re.sub(r"[^ -~]", "?", " ".join(text.replace("\0", " ").split()))[:MAX_WORD]


def _unescape(text: str) -> str:
    r"""mountinfo and swaps write spaces as \040 (proc(5))."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _text(path: Path, skip: int = 0) -> str:
    """A file of sysfs; empty when it is not there or cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_ATTRIBUTE)[skip:].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
