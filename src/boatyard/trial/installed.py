"""Checks of a system that the installer has put on a disk with LVM, over a shell as root."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.demo_result import CheckRow
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.vm.ssh import Shell

INSTALLER = "boatyard-installer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the answers asked for: a host name, an account with sudo, a package from the medium."""

    hostname: str
    user: str
    package: str


def check_installed(shell: Shell, wanted: Wanted) -> Iterator[CheckRow]:
    """Everything that an installed system has and an image has not."""
    yield check_lvm(shell)
    yield check_boot_entry(shell)
    yield check_root_locked(shell)
    yield check_hostname(shell, wanted.hostname)
    yield check_no_installer(shell)
    yield check_from_medium(shell, wanted.package)


def check_user(shell: Shell, user: str) -> CheckRow:
    """Logged in as `user`, sudo asks for no password."""
    result = shell('id -un && sudo -n sh -c "id -un"')
    found = " then ".join(result.text.split()) or "nothing"
    detail = result.stderr.decode("utf-8", "replace")
    return CheckRow(
        name=f"{user} logs in and may use sudo", ok=found == f"{user} then root", found=found, detail=detail
    )


def check_lvm(shell: Shell) -> CheckRow:
    """The root file system is the only logical volume; its group fills the only physical volume but for an extent."""
    columns = "vg_name,lv_name,lv_size,pv_name,pv_size,pv_free"
    lvs = shell(f"pvs --noheadings --units b --nosuffix --separator ' ' -o {columns}")
    root = shell("findmnt -no SOURCE,FSTYPE /")
    rows = [line.split() for line in lvs.text.splitlines() if len(line.split()) == 6]
    detail = f"{lvs.text}{lvs.stderr.decode('utf-8', 'replace')}{root.text}"
    if not rows or not all(size.isdigit() for row in rows for size in (row[2], row[4])):
        return CheckRow(name="LVM", ok=False, found="no volume", detail=detail)
    group, volume, size, device, device_size, _ = rows[0]
    source, _, kind = root.text.strip().partition(" ")
    ok = len(rows) == 1 and source == f"/dev/mapper/{group.replace('-', '--')}-{volume}" and int(size) > 0
    sizes = f"{format_size(int(size))} of {format_size(int(device_size))}"
    found = f"/ is {group}/{volume} ({kind.strip()}, {sizes} on {device})"
    return CheckRow(name="LVM", ok=ok, found=found, detail=detail)


def check_boot_entry(shell: Shell) -> CheckRow:
    """There is one Boot Loader Specification entry, and the machine was started with its options."""
    text = shell("cat /boot/loader/entries/*.conf").text
    kernel, started = shell("uname -r").text.strip(), shell("cat /proc/cmdline").text.split()
    fields = dict(line.split(None, 1) for line in text.splitlines() if len(line.split(None, 1)) == 2)
    options = fields.get("options", "").split()
    root = next((word for word in options if word.startswith("root=")), "no root=")
    ok = fields.get("version") == kernel and text.count("\noptions") == 1 and set(options) <= set(started)
    detail = f"{text}kernel {kernel}, started with {' '.join(started)}"
    return CheckRow(name="boot entry", ok=ok, found=f"{fields.get('version', 'none')}, {root}", detail=detail)


def check_root_locked(shell: Shell) -> CheckRow:
    """No password opens root."""
    field = shell("getent shadow root").text.split(":")[1:2]
    locked = bool(field) and field[0][:1] in ("!", "*")
    return CheckRow(name="root has no password", ok=locked, found="locked" if locked else "open, or unknown")


def check_hostname(shell: Shell, hostname: str) -> CheckRow:
    """The machine has the name of the answers."""
    found = shell("hostname").text.strip()
    return CheckRow(name="host name", ok=found == hostname, found=found or "none", detail=f"expected {hostname}")


def check_no_installer(shell: Shell) -> CheckRow:
    """The installer stayed on the medium."""
    there = shell(f"rpm -q {INSTALLER} >&2 || command -v boatyard-install").text.strip()
    gone = shell(f"rpm -q {INSTALLER}").code != 0 and not there
    return CheckRow(name="the installer is not installed", ok=gone, found="not installed" if gone else INSTALLER)


def check_from_medium(shell: Shell, package: str) -> CheckRow:
    """A package that the image has not was installed with the system."""
    result = shell(f"rpm -q {shlex.quote(package)}")
    name = f"{package} came from the medium"
    return CheckRow(name=name, ok=result.code == 0, found=result.text.strip(), detail=result.text)
