"""The end: the medium comes out, the machine restarts, powers off or halts."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Action = Literal["none", "reboot", "poweroff", "halt"]
# reboot(2), <linux/reboot.h>
COMMANDS: dict[str, int] = {"reboot": 0x01234567, "poweroff": 0x4321FEDC, "halt": 0xCDEF0123}
MCL_CURRENT_AND_FUTURE = 3
MOUNTINFO = Path("/proc/self/mountinfo")
# SCSI primary and multimedia commands: PREVENT ALLOW MEDIUM REMOVAL (allow), START STOP UNIT (start, then load/eject).
ALLOW, START, EJECT = b"\x1e\0\0\0\0\0", b"\x1b\0\0\0\x01\0", b"\x1b\0\0\0\x02\0"
SG_IO, SG_DXFER_NONE = 0x2285, -1
TIMEOUT_MS = 10_000


class _SgIoHeader(ctypes.Structure):
    """struct sg_io_hdr of <scsi/sg.h>."""

    _fields_ = (
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )


def medium_drive(mountinfo: str, folder: str = "/run/live/media") -> str:
    """The CD drive that is mounted on a folder, empty if that is something else. `mountinfo`: proc_pid_mountinfo(5)."""
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, source = before.split(), after.split()
        if separator and len(fields) > 4 and fields[4] == folder and len(source) > 1:
            return source[1] if re.fullmatch(r"/dev/sr\d+", source[1]) else ""
    return ""


def finish(action: Action, *, eject: bool, leave: Callable[[Action], None] | None = None) -> None:
    """Does not come back unless `action` is none. What was written must be synchronized by whoever wrote it; this does
    it again.

    No service is stopped in order: the live system has nothing to lose, and once the medium is out nothing can be read
    from it, not even the program that stops them. So this process keeps itself in memory and ends the machine itself.
    """
    if action == "none":
        return
    os.sync()
    drive = medium_drive(MOUNTINFO.read_text()) if eject else ""
    library = ctypes.CDLL(None, use_errno=True)
    library.mlockall(MCL_CURRENT_AND_FUTURE)
    if drive:
        # The medium stays in then, which the boot menu of the next start has an answer for.
        with suppress(OSError):
            _eject(drive)
    if leave:
        leave(action)
    else:
        library.reboot(ctypes.c_int(COMMANDS[action]))


def _eject(drive: str) -> None:
    """Opens the drive by SCSI commands: CDROMEJECT refuses as long as the medium is mounted, as it is here."""
    fd = os.open(drive, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    sense = ctypes.create_string_buffer(32)
    for command in (ALLOW, START, EJECT):
        data = ctypes.create_string_buffer(command, len(command))
        header = _SgIoHeader(
            interface_id=ord("S"),
            dxfer_direction=SG_DXFER_NONE,
            cmd_len=len(command),
            mx_sb_len=len(sense),
            cmdp=ctypes.addressof(data),
            sbp=ctypes.addressof(sense),
            timeout=TIMEOUT_MS,
        )
        fcntl.ioctl(fd, SG_IO, header)
