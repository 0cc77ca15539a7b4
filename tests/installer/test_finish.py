"""The end of an installation, as far as it can be tested without ending this machine."""

from __future__ import annotations

import ctypes

import pytest

from boatyard_installer import finish as module
from boatyard_installer.finish import COMMANDS, _SgIoHeader, finish, medium_drive

MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a
30 22 11:0 / /run/live/media ro,nosuid shared:1 - iso9660 {} ro
31 22 7:0 / /run/live/root ro - squashfs /dev/loop0 ro
"""


@pytest.mark.parametrize(
    ("device", "drive"), [("/dev/sr0", "/dev/sr0"), ("/dev/sr12", "/dev/sr12"), ("/dev/sda", ""), ("/dev/vda1", "")]
)
def test_only_a_cd_is_ejected(device: str, drive: str) -> None:
    assert medium_drive(MOUNTS.format(device)) == drive


def test_no_medium() -> None:
    assert medium_drive("") == ""
    assert medium_drive("31 22 11:0 / /run/live/mediaplayer ro - iso9660 /dev/sr0 ro") == ""


def test_the_commands_are_the_kernels() -> None:
    # <linux/reboot.h>: LINUX_REBOOT_CMD_RESTART, _POWER_OFF, _HALT, as the int that reboot(2) takes
    assert COMMANDS == {"reboot": 19088743, "poweroff": 1126301404, "halt": 3454992675}


def test_the_header_has_the_size_that_the_kernel_expects() -> None:
    # sizeof (struct sg_io_hdr) with pointers of 8 bytes, and the places of some fields in it
    assert ctypes.sizeof(_SgIoHeader) == 88
    assert (_SgIoHeader.cmdp.offset, _SgIoHeader.timeout.offset, _SgIoHeader.resid.offset) == (24, 40, 72)


def test_order_eject_comes_last_before_the_machine_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(module, "medium_drive", lambda _: "/dev/sr0")
    monkeypatch.setattr(module, "_eject", lambda drive: told.append(f"eject {drive}"))
    finish("poweroff", eject=True, leave=told.append)
    assert told == ["eject /dev/sr0", "poweroff"]


def test_without_eject_and_with_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(module, "_eject", told.append)
    finish("reboot", eject=False, leave=told.append)
    finish("none", eject=True, leave=told.append)
    assert told == ["reboot"]


def test_a_drive_that_does_not_open_is_no_reason_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(module, "medium_drive", lambda _: "/dev/sr99")
    finish("reboot", eject=True, leave=told.append)
    assert told == ["reboot"]
