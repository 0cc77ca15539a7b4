"""Skiff's images boot in every way they are made for, besides those the demo checks: to the login prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from boatyard.artifact.machine import Drive, Machine
from boatyard.flow.check import TRY_IT
from boatyard.ports.progress import silent
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]


@pytest.mark.parametrize(
    ("image_format", "kind", "firmware"),
    [("iso", "cdrom", "bios"), ("iso", "disk", "uefi"), ("iso", "disk", "bios"), ("raw", "disk", "uefi")],
)
def test_boots(
    demo_result: DemoResult,
    tmp_path: Path,
    run: HostRunner,
    image_format: str,
    kind: Literal["cdrom", "disk"],
    firmware: Literal["uefi", "bios"],
) -> None:
    (path,) = {image.path for image in demo_result.images if image.format == image_format}
    drive = Drive(path=Path(path), kind=kind)
    machine = Machine(name="boot", arch=Arch.X86_64, cpus=1, firmware=firmware, drives=(drive,))
    harbour = Harbour(run, silent(), tmp_path / "scratch")
    with boot(machine, harbour, tmp_path / "console.log", answers=[TRY_IT]) as vm:
        assert vm.wait_for(Stage.LOGIN) > 0
        vm.power_off()
