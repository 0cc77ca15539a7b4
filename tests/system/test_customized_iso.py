"""Skiff's ISO with answers put in starts its installer by itself, in a system with the live packages laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from boatyard.artifact.machine import Drive, Machine
from boatyard.image.customize import Change, customize
from boatyard.image.inspect import check_sums, read_iso
from boatyard.ports.progress import silent
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
# No disk is like that, so that whatever reads them stops there.
ANSWERS = b'[disk]\nserial = "there is no such disk"\n'
GROWN_BY = 3 << 20


@pytest.fixture
def iso(demo_result: DemoResult) -> Path:
    (path,) = {image.path for image in demo_result.images if image.format == "iso"}
    return Path(path)


def test_iso_is_what_it_should_be(iso: Path) -> None:
    content = read_iso(iso)
    assert list(content.entries) == ["install", "live"]
    assert check_sums(content) > 10
    files = content.volume.files
    assert files["live/installer.squashfs"].size < GROWN_BY
    packages = {name.rpartition("/")[2].split("-")[0] for name in files if name.endswith(".rpm")}
    assert {"less", "bzip2", "cpio", "eject"} <= packages


@pytest.mark.parametrize(
    ("kind", "firmware"), [pytest.param("cdrom", "uefi", marks=pytest.mark.sweep), ("disk", "bios")]
)
def test_it_installs_when_it_has_answers(
    iso: Path, tmp_path: Path, run: HostRunner, kind: Literal["cdrom", "disk"], firmware: Literal["uefi", "bios"]
) -> None:
    change = Change(files={"boatyard/answers.toml": ANSWERS}, kernel_arguments=("boatyard.test=1",))
    customize(iso, tmp_path / "custom.iso", change, run, log=tmp_path / "log")
    drive = Drive(path=tmp_path / "custom.iso", kind=kind)
    machine = Machine(name="installer", arch=Arch.X86_64, cpus=1, firmware=firmware, drives=(drive,))
    log = tmp_path / "console.log"
    with boot(machine, Harbour(run, silent(), tmp_path / "scratch"), log) as vm:
        vm.wait_for(Stage.SYSTEM)
    told = log.read_text("utf-8", "replace")
    assert "GNU GRUB" not in told, "with answers no menu is shown"
    assert "boatyard.install systemd.unit=boatyard-install.target " in told
    assert " boatyard.test=1" in told
    assert "initrd: live/installer.squashfs is laid over the root" in told
