"""What the host offers: firmware descriptors, QEMU's version, the accelerator that follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from boatyard.artifact.codec import load
from boatyard.base.error import ToolError
from boatyard.ports.run import Command, Result
from boatyard.vm.accel import Hypervisor, find_hypervisor, qemu_version
from boatyard.vm.firmware import find_firmware
from boatyard.vm.qemu import Accelerator
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path


def descriptor(folder: Path, name: str, **changes: Any) -> None:
    """A descriptor as Debian's ovmf installs it, with the files that it names."""
    code, variables = folder / f"{name}-CODE.fd", folder / f"{name}-VARS.fd"
    code.write_bytes(b"c")
    variables.write_bytes(b"v")
    value = {
        "description": "UEFI firmware",
        "interface-types": ["uefi"],
        "mapping": {
            "device": "flash",
            "executable": {"filename": str(code), "format": "raw"},
            "nvram-template": {"filename": str(variables), "format": "raw"},
        },
        "targets": [{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}],
        "features": ["acpi-s3"],
        "tags": [],
    }
    (folder / f"{name}.json").write_text(json.dumps(value | changes))


def test_the_first_without_secure_boot_is_taken(tmp_path: Path) -> None:
    descriptor(tmp_path, "40-secure", features=["secure-boot", "requires-smm", "enrolled-keys"])
    descriptor(tmp_path, "45-arm", targets=[{"architecture": "aarch64", "machines": ["virt-*"]}])
    descriptor(tmp_path, "46-bios", **{"interface-types": ["bios"]})
    descriptor(tmp_path, "60-plain")
    descriptor(tmp_path, "70-later")
    assert find_firmware(Arch.X86_64, (tmp_path,)).code == tmp_path / "60-plain-CODE.fd"
    assert find_firmware(Arch.AARCH64, (tmp_path,)).code == tmp_path / "45-arm-CODE.fd"


def test_the_administrator_may_mask_one(tmp_path: Path) -> None:
    etc, usr = tmp_path / "etc", tmp_path / "usr"
    etc.mkdir()
    usr.mkdir()
    descriptor(usr, "60-plain")
    descriptor(usr, "70-later")
    (etc / "60-plain.json").write_bytes(b"")
    assert find_firmware(Arch.X86_64, (etc, usr)).code == usr / "70-later-CODE.fd"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"mapping": 1}', "x" * 100_000])
def test_other_descriptors_are_passed_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "10.json").write_text(content)
    with pytest.raises(ToolError, match="no UEFI firmware for aarch64") as error:
        find_firmware(Arch.AARCH64, (tmp_path,))
    assert "qemu-efi-aarch64" in error.value.hint
    assert "edk2-aarch64" in error.value.hint


def test_a_firmware_whose_files_are_gone_is_none(tmp_path: Path) -> None:
    descriptor(tmp_path, "60-plain")
    (tmp_path / "60-plain-VARS.fd").unlink()
    with pytest.raises(ToolError):
        find_firmware(Arch.X86_64, (tmp_path,))


def test_qemu_versions() -> None:
    assert qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright") == (7, 2, 22)
    assert qemu_version("QEMU emulator version 10.0.13") == (10, 0, 13)
    with pytest.raises(ToolError):
        qemu_version("no such thing")


@pytest.mark.parametrize(
    ("major", "accelerator"),
    [
        (7, Accelerator("tcg", "single", cx16=False)),
        (8, Accelerator("tcg", "multi")),
        (10, Accelerator("tcg", "multi")),
    ],
)
def test_old_qemu_is_kept_from_what_it_does_badly(major: int, accelerator: Accelerator) -> None:
    found = Hypervisor(arch=Arch.X86_64, version=(major, 2, 0), kind="tcg", why="no KVM")
    assert found.accelerator == accelerator


def test_kvm_once_found_is_used() -> None:
    assert Hypervisor(arch=Arch.X86_64, version=(7, 2, 0), kind="kvm").accelerator == Accelerator("kvm")


def test_the_answer_is_kept_for_the_same_qemu(tmp_path: Path) -> None:
    foreign = next(arch for arch in Arch if arch is not Arch.of_host())
    version = b"QEMU emulator version 9.1.0"

    def run(command: Command) -> Result:
        assert command.argv == (f"qemu-system-{foreign}", "--version")
        return Result(0, version)

    found = find_hypervisor(foreign, run, tmp_path)
    assert found.why == f"{foreign} is foreign on this host"
    [kept] = tmp_path.glob("*.json")
    assert load(Hypervisor, kept) == found
    version = b"QEMU emulator version 9.2.0"
    assert find_hypervisor(foreign, run, tmp_path).version == (9, 2, 0)
    assert len(list(tmp_path.glob("*.json"))) == 2
