"""Checks of an installed system against what one has answered."""

from __future__ import annotations

import pytest

from boatyard.ports.run import Result
from boatyard.trial import installed
from boatyard.trial.installed import Wanted

PVS = "pvs --noheadings --units b --nosuffix --separator ' ' -o vg_name,lv_name,lv_size,pv_name,pv_size,pv_free"
ENTRY = """title      Skiff Linux 1.0
version    6.12.117
sort-key   skiff
options    root=/dev/mapper/vg0-root ro console=ttyS0,115200
linux      /vmlinuz-6.12.117
initrd     /initrd-6.12.117.img
"""
CMDLINE = "BOOT_IMAGE=/vmlinuz-6.12.117 root=/dev/mapper/vg0-root ro console=ttyS0,115200\n"
GOOD = {
    PVS: "  vg0 root 6882852864 /dev/vda4 6882852864 0\n",
    "findmnt -no SOURCE,FSTYPE /": "/dev/mapper/vg0-root ext4\n",
    "cat /boot/loader/entries/*.conf": ENTRY,
    "uname -r": "6.12.117\n",
    "cat /proc/cmdline": CMDLINE,
    "getent shadow root": "root:!*:20819:0:99999:7:::\n",
    "hostname": "installed\n",
    "rpm -q boatyard-installer >&2 || command -v boatyard-install": "",
    "rpm -q boatyard-installer": "package boatyard-installer is not installed\n",
    "rpm -q bzip2": "bzip2-1.0.8-1.x86_64\n",
}
WANTED = Wanted(hostname="installed", user="ada", package="bzip2")
FOUND = {
    "LVM": "/ is vg0/root (ext4, 6.9 GB of 6.9 GB on /dev/vda4)",
    "boot entry": "6.12.117, root=/dev/mapper/vg0-root",
    "root has no password": "locked",
    "host name": "installed",
    "the installer is not installed": "not installed",
    "bzip2 came from the medium": "bzip2-1.0.8-1.x86_64",
}


class Transcript:
    """A shell that answers what a guest answered; `rpm -q` fails for what is not installed."""

    def __init__(self, **changed: str) -> None:
        self.answers = GOOD | {script: changed.get(name, GOOD[script]) for name, script in NAMES.items()}

    def __call__(self, script: str, timeout_s: float = 0) -> Result:
        text = self.answers[script]
        return Result(int("not installed" in text), text.encode())


NAMES = {
    "pvs": PVS,
    "root": "findmnt -no SOURCE,FSTYPE /",
    "entries": "cat /boot/loader/entries/*.conf",
    "cmdline": "cat /proc/cmdline",
    "shadow": "getent shadow root",
    "hostname": "hostname",
    "installer": "rpm -q boatyard-installer",
    "package": "rpm -q bzip2",
}


def test_a_good_installation() -> None:
    rows = list(installed.check_installed(Transcript(), WANTED))
    assert all(row.ok for row in rows)
    assert {row.name: row.found for row in rows} == FOUND


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"pvs": ""}, "LVM"),
        ({"pvs": "  vg0 root what /dev/vda4 1 0\n"}, "LVM"),
        ({"pvs": GOOD[PVS] + "  vg0 swap 1073741824 /dev/vda4 6882852864 0\n"}, "LVM"),
        ({"root": "/dev/vda4 ext4\n"}, "LVM"),
        ({"entries": ""}, "boot entry"),
        ({"entries": ENTRY + ENTRY}, "boot entry"),
        ({"entries": ENTRY.replace("6.12.117", "6.1")}, "boot entry"),
        ({"cmdline": "boatyard.live quiet\n"}, "boot entry"),
        ({"shadow": "root::20819::::::\n"}, "root has no password"),
        ({"shadow": "root:$y$j9T$abc:20819::::::\n"}, "root has no password"),
        ({"shadow": ""}, "root has no password"),
        ({"hostname": "skiff\n"}, "host name"),
        ({"installer": "boatyard-installer-0.1.0-1.noarch\n"}, "the installer is not installed"),
        ({"package": "package bzip2 is not installed\n"}, "bzip2 came from the medium"),
    ],
)
def test_one_thing_wrong(changed: dict[str, str], check: str) -> None:
    rows = installed.check_installed(Transcript(**changed), WANTED)
    assert [row.name for row in rows if not row.ok] == [check]


@pytest.mark.parametrize(("said", "ok"), [(b"ada\nroot\n", True), (b"ada\n", False), (b"", False)])
def test_user(said: bytes, ok: bool) -> None:
    assert installed.check_user(lambda _script, _timeout_s=0: Result(0, said), "ada").ok is ok
