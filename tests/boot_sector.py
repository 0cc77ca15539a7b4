"""Guests that fit in a boot sector: they start in a fraction of a second and need no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.artifact.machine import Drive, Machine
from boatyard.ports.progress import silent
from boatyard.vm.running import Harbour
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boatyard.ports.run import HostRunner

TEXT_AT = 0x80
# mov si, 0x7c80; next: lodsb; test al, al; jz end; mov dx, 0x3f8; out dx, al; jmp next; end:
PRINT = bytes.fromhex("be807cac84c07406baf803eeebf5")
THEN = {
    "sleep": bytes.fromhex("f4ebfd"),  # hlt; jmp
    "power off": bytes.fromhex("ba0406b80020effaf4"),  # out 0x604, 0x2000: ACPI S5 of QEMU's q35; cli; hlt
    # The power button: enable bit 8 of PM1_EN (0x602), wait for bit 8 of PM1_STS (0x600), then S5.
    "heed the button": bytes.fromhex("ba0206b80001efba0006edf6c40174faba0406b80020effaf4"),
    "reset": bytes.fromhex("b0fee664f4"),  # out 0x64, 0xfe: the keyboard controller resets the processor
    "echo": bytes.fromhex("bafd03eca80174f8baf803eceeebf1"),  # serial input comes back
    "write": bytes.fromhex("b80103bb007cb90200ba8000cd13baf803b057eef4ebfd"),  # BIOS: sector 2 of the disk; then "W"
    # For each byte of serial input: BIOS: sector 2 of the disk; then "W".
    "write when told": bytes.fromhex("bafd03eca80174f8baf803ecb80103bb007cb90200ba8000cd13baf803b057eeebde"),
}


def boot_sector(text: bytes, then: str) -> bytes:
    """A 1 MiB disk whose boot sector prints a text on the serial port and goes on as `THEN` says."""
    code = (PRINT + THEN[then]).ljust(TEXT_AT, b"\0") + text + b"\0"
    assert len(code) <= 510
    return code.ljust(510, b"\0") + b"\x55\xaa" + bytes((1 << 20) - 512)


@pytest.fixture(name="guest")
def a_guest(tmp_path: Path) -> Callable[..., Machine]:
    """Makes a machine out of a text to print and what to do then."""

    def make(text: bytes, then: str, *, keep_writes: bool = False) -> Machine:
        disk = tmp_path / "disk, one.raw"
        disk.write_bytes(boot_sector(text, then))
        drives = (Drive(path=disk, keep_writes=keep_writes),)
        return Machine(name="test, one", arch=Arch.X86_64, firmware="bios", memory_mib=64, cpus=1, drives=drives)

    return make


@pytest.fixture(name="harbour")
def a_harbour(tmp_path: Path, run: HostRunner) -> Harbour:
    """A harbour whose machines live under the test's folder."""
    return Harbour(run, silent(), tmp_path / ("scratch-" + "x" * 100))
