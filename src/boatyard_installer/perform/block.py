"""The disk itself. Until the last write it has no partition table: the kernel is told of the partitions directly, so
that whatever happens before, no firmware finds a system on it. That write is one sector, which disks write whole.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.gpt import SECTOR
from boatyard_boot.size import MIB
from boatyard_installer.error import MachineError, StepError

if TYPE_CHECKING:
    from boatyard_boot.disk import DiskPlan
    from boatyard_boot.gpt import Table

# linux/blkpg.h and linux/fs.h
BLKPG, ADD_PARTITION, DELETE_PARTITION = 0x1269, 1, 2
BLKGETSIZE64 = 0x80081272
WAIT_S = 30


class _Partition(ctypes.Structure):
    _fields_ = [
        ("start", ctypes.c_longlong),
        ("length", ctypes.c_longlong),
        ("number", ctypes.c_int),
        ("names", ctypes.c_char * 128),
    ]


class _Argument(ctypes.Structure):
    _fields_ = [
        ("operation", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("length", ctypes.c_int),
        ("data", ctypes.c_void_p),
    ]


class BlockDevice:
    """A whole disk, held from opening to `close`: udev leaves a locked disk alone (systemd, "Locking Block Device
    Access"), so that nothing else probes, activates or re-reads it meanwhile.
    """

    def __init__(self, device: str, size: int) -> None:
        try:
            # The kernel refuses this while anything of the disk is mounted or in use.
            os.close(os.open(device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC))
            self._handle = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            hint = "unmount it and close what uses it; `lsblk` shows what does" if error.errno == errno.EBUSY else ""
            raise MachineError(f"cannot write to {device}: {error.strerror}", hint=hint) from error
        self.device = device
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        if stat.S_ISBLK(os.fstat(self._handle).st_mode):
            (found,) = struct.unpack("<Q", fcntl.ioctl(self._handle, BLKGETSIZE64, bytes(8)))
            if found != size:
                raise MachineError(f"{device} has {found} bytes now and had {size}", hint="start the installer again")

    def close(self) -> None:
        """Lets the disk go; udev sees it then."""
        os.close(self._handle)

    def erase(self, start: int, size: int) -> None:
        """Zeroes the first and the last MiB of a range: partition tables and the signatures of everything lie there."""
        for at in {start, max(start, start + size - MIB)}:
            os.pwrite(self._handle, bytes(min(MIB, size)), at)

    def write(self, data: bytes, at: int) -> None:
        """Writes bytes."""
        view = memoryview(data)
        while view:
            done = os.pwrite(self._handle, view, at)
            view, at = view[done:], at + done

    def flush(self) -> None:
        """Waits until all that was written is on the disk."""
        os.fsync(self._handle)

    def forget_partitions(self) -> None:
        """Makes the kernel forget every partition; StepError when one is in use."""
        folder = Path("/sys/class/block") / Path(self.device).name
        for file in sorted(folder.glob("*/partition")):
            number = int(file.read_text())
            try:
                self._partition(DELETE_PARTITION, number)
            except OSError as error:
                raise StepError(f"partition {number} of {self.device} is in use: {error.strerror}") from error

    def add_partitions(self, places: DiskPlan) -> None:
        """Makes the kernel know the plan's partitions, which are not on the disk yet."""
        for number, slot in enumerate(places.slots, 1):
            self._partition(ADD_PARTITION, number, slot.start, slot.size)

    def commit(self, table: Table) -> None:
        """Writes the partition table; with the last write, of the first sector, the disk has a system."""
        self.write(table.tail, table.tail_at)
        self.write(table.head[SECTOR:], SECTOR)
        self.flush()
        self.write(table.head[:SECTOR], 0)
        self.flush()

    def _partition(self, operation: int, number: int, start: int = 0, length: int = 0) -> None:
        data = _Partition(start=start, length=length, number=number)
        argument = _Argument(operation, 0, ctypes.sizeof(data), ctypes.addressof(data))
        fcntl.ioctl(self._handle, BLKPG, argument)


def wait_for(device: str) -> None:
    """Waits until a device is there; StepError after 30 s."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with suppress(OSError):
            if stat.S_ISBLK(os.stat(device).st_mode):  # noqa: PTH116
                return
        time.sleep(0.05)
    raise StepError(f"{device} did not appear within {WAIT_S} s")
