"""Which disk: exactly one that fits what the answers say, or none. Nothing is ever guessed.

In doubt a disk is refused: an installer that guesses destroys what cannot be had again.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from boatyard_boot.size import MIB, format_size, parse_size
from boatyard_installer.error import MachineError

if TYPE_CHECKING:
    from boatyard_installer.answers import Disk
    from boatyard_installer.probe import FoundDisk, Machine

SECTOR = 512  # the partition table's; its writer knows no other
WIPE = "put `wipe = true` into [disk] if all that is on it may be lost"
NAME = "name one by `serial` or `by-id` in [disk]"


def choose(wanted: Disk, machine: Machine, needed: int) -> FoundDisk:
    """The one disk to install on, which has at least `needed` bytes. MachineError lists all disks with the reason
    why each is not taken.

    Exactly one disk must match what is given of serial, by-id, sizes and bus, besides the medium and (unless
    `removable`) removable disks, which never match; and that one must be usable. When nothing is given and `wipe` is
    not set, disks with anything on them do not match either, as long as there is exactly one that is empty.
    """
    reasons = candidates(wanted, machine, needed)
    found = [disk for disk in machine.disks if not _mismatch(wanted, disk)]
    if len(found) > 1 and not _criteria(wanted) and not wanted.wipe:
        empty = [disk for disk in found if not _content(disk)]
        found = empty if len(empty) == 1 else found
    if len(found) > 1:
        text = "several disks match [disk]" if _criteria(wanted) else "there are several disks, and [disk] names none"
        told = [(disk, reason or "matches, and it is not the only one") for disk, reason in reasons]
        raise MachineError(text, detail=_listing(told), hint=NAME)
    if not found:
        text = "no disk matches [disk]" if machine.disks else "the machine has no disk"
        hint = "mend [disk] in the answers" if machine.disks else "attach one, or look for its controller's driver"
        raise MachineError(text, detail=_listing(reasons), hint=hint)
    reason, hint = _obstacle(wanted, found[0], needed)
    if reason:
        raise MachineError(f"{found[0].device} cannot be taken: {reason}", detail=_listing(reasons), hint=hint)
    return found[0]


def candidates(wanted: Disk, machine: Machine, needed: int) -> list[tuple[FoundDisk, str]]:
    """Every disk with the reason why it cannot be taken; empty when it can."""
    return [(disk, _mismatch(wanted, disk) or _obstacle(wanted, disk, needed)[0]) for disk in machine.disks]


def describe(disk: FoundDisk) -> str:
    """A disk in one line for people: `/dev/sda  500.1 GB  serial S1  sata  Model`."""
    serial = f"serial {disk.serial}" if disk.serial else "no serial"
    return "  ".join(filter(None, (disk.device, format_size(disk.size), serial, disk.bus, disk.model)))


def _listing(reasons: list[tuple[FoundDisk, str]]) -> str:
    return "\n".join(f"{describe(disk)}: {reason or 'could be taken'}" for disk, reason in reasons)


def _criteria(wanted: Disk) -> bool:
    return bool(wanted.serial or wanted.by_id or wanted.min_size or wanted.max_size or wanted.bus)


def _content(disk: FoundDisk) -> bool:
    """Whether anything is on the disk, or may be."""
    return bool(disk.signatures or disk.used_by or disk.holders or disk.fault)


def _mismatch(wanted: Disk, disk: FoundDisk) -> str:
    """Why a disk is none of those that the answers mean; empty when it is."""
    if disk.medium:
        return "the installation medium"
    if disk.removable and not wanted.removable:
        return "removable, and [disk] does not say `removable = true`"
    if wanted.serial and disk.serial != wanted.serial:
        return f"its serial is not {wanted.serial}"
    if wanted.by_id and not any(fnmatch.fnmatchcase(name, wanted.by_id) for name in disk.ids):
        return f"no name of it in /dev/disk/by-id is {wanted.by_id}"
    if wanted.bus and disk.bus != wanted.bus:
        return f"its bus is not {wanted.bus}"
    if wanted.min_size and disk.size < parse_size(wanted.min_size):
        return f"smaller than {wanted.min_size}"
    if wanted.max_size and disk.size > parse_size(wanted.max_size):
        return f"larger than {wanted.max_size}"
    return ""


def _obstacle(wanted: Disk, disk: FoundDisk, needed: int) -> tuple[str, str]:
    """Why a disk that is meant cannot be taken, and the hint; both empty when it can."""
    other = "take another disk"
    if disk.fault:
        return f"cannot be read: {disk.fault}", other
    if disk.read_only:
        return "read-only", "lift its write protection, or take another disk"
    if disk.used_by:
        return f"in use: {', '.join(disk.used_by)}", "unmount it, or take another disk"
    if disk.sector != SECTOR:
        return f"{disk.sector}-byte sectors; only disks with {SECTOR}-byte sectors are supported", other
    if disk.size < needed:
        have, need = disk.size // MIB, -(-needed // MIB)
        return f"too small: {have} MiB, and {need} MiB are needed", "take a larger disk, or ask for less"
    if disk.holders and not wanted.wipe:
        return f"other devices are on top of it: {', '.join(disk.holders)}", WIPE
    if disk.signatures and not wanted.wipe:
        return f"not empty: it holds {', '.join(disk.signatures)}", WIPE
    return "", ""
