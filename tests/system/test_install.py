"""Unattended installations from Skiff's ISO, each on a machine of its own that then starts from its disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.system.computer import said
from tests.system.conftest import boatyard
from tests.system.installer import (
    SERIAL,
    Target,
    answers_volume,
    changed,
    check_installed,
    digest,
    ejected,
    empty_disk,
    foreign_disk,
    root_shell,
    with_answers,
)
from tests.system.write_log import check_bootable_last

from boatyard.vm.ssh import ephemeral_key, logged_in
from boatyard_boot.size import GIB

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
DISK = f'[disk]\nserial = "{SERIAL}"\n'
USER_DATA = b"#cloud-config\nwrite_files:\n- {path: /etc/by-user-data, content: yes-it-was}\n"


def root_key(public: str) -> str:
    return f'[root]\nssh-keys = ["{public}"]\n'


def test_lvm_with_everything_under_uefi(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    with ephemeral_key(run, tmp_path / "scratch") as key:
        answers = f"""
{DISK}
[system]
hostname = "web01.example"
timezone = "Europe/Berlin"
user-data = "user-data"
{root_key(key.public)}
[[users]]
name = "ada"
groups = ["systemd-journal"]
ssh-keys = ["{key.public}"]
sudo = "nopasswd"
[packages]
install = ["less"]
[kernel]
arguments = ["boat.trial=1"]
[[scripts]]
name = "mark"
content = "set -e; id -u > /etc/by-script"
"""
        iso = with_answers(live_iso, answers, run, tmp_path, {"user-data": USER_DATA})
        target = Target(iso, [empty_disk(tmp_path)], run, tmp_path)
        with target.on() as vm:
            target.install(vm)
            assert ejected(vm)
            steps = [event for event in target.events() if event["event"] == "step"]
            assert (steps[0]["name"], steps[0]["percent"], steps[-1]["name"], steps[-1]["percent"]) == (
                ("verify", 0, "commit", 100)
            )
            assert target.events()[-1] == {"event": "result", "ok": True, "code": 0, "reason": ""}
            with logged_in(vm, key.private, "ada") as ada:
                assert said(ada, "sudo -n id -u") == "0"
                assert said(ada, "stat -c %a ~ ~/.ssh ~/.ssh/authorized_keys").split() == ["700", "700", "600"]
            with root_shell(vm, key) as shell:
                report = check_installed(shell, vm)
                assert (report["firmware"], report["layout"], report["packages"]) == ("uefi", "lvm", ["less"])
                assert said(shell, "findmnt -no SOURCE,FSTYPE /").split() == ["/dev/mapper/vg0-root", "ext4"]
                assert said(shell, "vgs --noheadings -o vg_name,pv_count,lv_count").split() == ["vg0", "1", "1"]
                assert said(shell, "pvs --noheadings -o pv_name,vg_name").split() == ["/dev/vda4", "vg0"]
                assert said(shell, "lvs --noheadings -o lv_full_name").split() == ["vg0/root"]
                assert said(shell, "findmnt -no FSTYPE /boot/efi") == "vfat"
                assert said(shell, "hostname") == "web01.example"
                assert said(shell, "readlink -f /etc/localtime").endswith("zoneinfo/Europe/Berlin")
                assert said(shell, "cat /etc/by-script") == "0"
                assert said(shell, "cat /etc/by-user-data") == "yes-it-was"
                assert said(shell, "rpm -q less --qf '%{name}'") == "less"
                assert "boat.trial=1" in said(shell, "cat /proc/cmdline")
                assert said(shell, "test -d /sys/firmware/efi && echo uefi") == "uefi"


KICKSTART = """
lang C.UTF-8
keyboard us
timezone Europe/Paris --utc
rootpw --lock
sshkey --username=root "{key}"
network --bootproto=dhcp --hostname=converted
ignoredisk --only-use=/dev/disk/by-id/virtio-{serial}
zerombr
clearpart --all --initlabel
reqpart
part /boot --fstype=ext4 --size=1024
part pv.1 --size=1 --grow
volgroup vg_ship pv.1
logvol swap --vgname=vg_ship --name=lv_swap --fstype=swap --size=256
logvol / --vgname=vg_ship --name=lv_root --fstype=ext4 --size=1 --grow
%packages
less
%end
%post
echo sailed > /etc/by-post
%end
reboot
"""


def test_a_converted_kickstart_under_bios(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    pytest.importorskip("pykickstart")
    foreign = foreign_disk(tmp_path, run)
    before = digest(foreign)
    with ephemeral_key(run, tmp_path / "scratch") as key:
        (tmp_path / "ks.cfg").write_text(KICKSTART.format(key=key.public, serial=SERIAL))
        ended = boatyard("install", "convert", str(tmp_path / "ks.cfg"), "-o", str(tmp_path / "answers.toml"))
        assert ended.returncode == 0, ended.stderr
        iso = with_answers(live_iso, (tmp_path / "answers.toml").read_text(), run, tmp_path)
        target = Target(iso, [empty_disk(tmp_path), foreign], run, tmp_path, firmware="bios")
        with target.on() as vm:
            target.install(vm)
            with root_shell(vm, key) as shell:
                assert check_installed(shell, vm)["firmware"] == "bios"
                assert said(shell, "test -e /sys/firmware/efi || echo bios") == "bios"
                assert said(shell, "findmnt -no SOURCE,FSTYPE /").split() == ["/dev/mapper/vg_ship-lv_root", "ext4"]
                assert said(shell, "swapon --show=NAME --noheadings | wc -l") == "1"
                assert said(shell, "hostname; cat /etc/by-post").split() == ["converted", "sailed"]
                assert said(shell, "rpm -q less --qf '%{name}'") == "less"
    assert digest(foreign) == before, "not a byte of another disk is touched"


CUSTOM = """
[layout]
kind = "custom"
partitions = [
  { name = "bios", role = "bios-boot", size = "1 MiB" },
  { name = "esp", role = "esp", size = "600 MiB" },
  { name = "boot", role = "boot", size = "1 GiB" },
  { name = "vg-main", role = "lvm", size = "rest" },
]
volumes = [
  { name = "swap", size = "256 MiB" },
  { name = "var", size = "20%" },
  { name = "root", size = "rest" },
]
filesystems = [
  { on = "esp", type = "vfat", mount = "/boot/efi" },
  { on = "boot", type = "xfs", mount = "/boot" },
  { on = "vg-main/root", type = "xfs", mount = "/", label = "system" },
  { on = "vg-main/var", type = "ext4", mount = "/var" },
  { on = "vg-main/swap", type = "swap" },
]
"""


def test_a_layout_of_ones_own_by_answers_on_a_stick(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    with ephemeral_key(run, tmp_path / "scratch") as key:
        stick = answers_volume(DISK + CUSTOM + root_key(key.public), run, tmp_path)
        log = tmp_path / "writes.log"
        log.touch()
        disk = replace(empty_disk(tmp_path, 8 * GIB), bus="scsi", write_log=log)
        target = Target(changed(live_iso, {}, (), run, tmp_path), [disk, stick], run, tmp_path)
        with target.on() as vm:
            target.install(vm)
            assert "by the answers from answers.toml on the volume ANSWERS" in target.screen.text
            with root_shell(vm, key) as shell:
                check_installed(shell, vm)
                assert said(shell, "findmnt -no SOURCE,FSTYPE,LABEL /").split() == (
                    ["/dev/mapper/vg--main-root", "xfs", "system"]
                )
                assert said(shell, "findmnt -no FSTYPE /boot") == "xfs"
                assert said(shell, "findmnt -no SOURCE,FSTYPE /var").split() == ["/dev/mapper/vg--main-var", "ext4"]
                assert said(shell, "swapon --show=NAME --noheadings | wc -l") == "1"
                sizes = said(shell, "lvs --noheadings --units b --nosuffix -o lv_size,vg_size vg-main/var")
                var, whole = map(int, sizes.split())
                assert 0.19 < var / whole <= 0.2
    assert check_bootable_last(log) > 1000


@pytest.mark.sweep
def test_no_disk_is_chosen_among_several(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    disks = [empty_disk(tmp_path, 3 * GIB, name) for name in ("ONE", "TWO")]
    before = [digest(disk) for disk in disks]
    target = Target(with_answers(live_iso, "schema = 1\n", run, tmp_path), disks, run, tmp_path, firmware="bios")
    with target.on() as vm:
        assert target.verdict(vm) == "FAILED there are several disks, and [disk] names none"
    assert "serial ONE" in target.screen.text
    assert "serial TWO" in target.screen.text
    assert [digest(disk) for disk in disks] == before
