"""A running system gets a newer kernel by dnf, boots it, loses it again and boots the old one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.computer import TIMEOUT_S, Computer, computer, said
from tests.system.newer_kernel import write_repository

from boatyard.ports.serve import guest_url, serving

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult
    from boatyard.ports.run import HostRunner
    from boatyard.vm.ssh import Shell

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
DNF = "dnf -y --disablerepo='*' --repofrompath=new,{url} --setopt=new.gpgcheck=0 --setopt=new.repo_gpgcheck=0"


def kernels(shell: Shell) -> list[str]:
    """The kernels in the menu, newest first, the default marked."""
    lines = said(shell, "python3 -m boatyard_boot list").splitlines()
    return [line[:2].strip() + line[2:].split()[0] for line in lines]


def test_newer_kernel(demo_result: DemoResult, tmp_path: Path, run: HostRunner) -> None:
    (image,) = {image.path for image in demo_result.images if image.format == "qcow2"}
    (channel,) = {channel.path for channel in demo_result.channels if channel.name == "skiff-base"}
    disk = Path(shutil.copy(image, tmp_path / "disk.qcow2"))
    new = write_repository(Path(channel), tmp_path / "newer", run)
    with computer([disk], run, tmp_path) as machine:
        _try_both(machine, new, tmp_path)


def _try_both(machine: Computer, new: str, folder: Path) -> None:
    with serving(folder / "newer/repository") as url, machine.on() as shell:
        old = said(shell, "uname -r")
        assert kernels(shell) == [f"*{old}"]
        told = said(shell, f"{DNF.format(url=guest_url(url))} upgrade")
        assert f"{new} is in the boot menu" in told
        assert kernels(shell) == [f"*{new}", old]
        assert said(shell, "ls /boot/loader/entries").count(".conf") == 2
        assert said(shell, "rpm -V boatyard-boot kernel-core") == ""
        assert said(shell, f"rpm -qf --qf '%{{name}} ' /boot/vmlinuz-{new} /usr/lib/modules/{new}/vmlinuz") == (
            "kernel-core kernel-core"
        )

    with machine.on() as shell:
        assert said(shell, "uname -r") == new
        assert f"BOOT_IMAGE=/boot/vmlinuz-{new} root=UUID=" in said(shell, "cat /proc/cmdline")
        assert said(shell, "modprobe dm_crypt && lsmod | grep -c ^dm_crypt") == "1", "its modules are found and fit"
        assert said(shell, "systemctl is-system-running --wait") == "running"
        refused = shell(f"dnf -y --disablerepo='*' remove kernel-core-{new.partition('+')[0]}", TIMEOUT_S)
        assert refused.code == 1
        assert "removing the following protected packages: kernel-core" in refused.text + refused.stderr.decode()
        removed = said(shell, f"rpm -e kernel-{new.partition('+')[0]} kernel-core-{new.partition('+')[0]} 2>&1")
        assert f"{new} is out of the boot menu; {old} is the default" in removed
        assert kernels(shell) == [f"*{old}"]
        assert said(shell, "ls /boot /usr/lib/modules").count(new) == 0, "nothing is left of it"

    with machine.on() as shell:
        assert said(shell, "uname -r") == old
        assert f"BOOT_IMAGE=/boot/vmlinuz-{old} " in said(shell, "cat /proc/cmdline")
        assert said(shell, "systemctl is-system-running --wait") == "running"
