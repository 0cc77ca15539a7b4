"""UEFI firmware of the host, found through QEMU's firmware descriptors (QEMU docs/interop/firmware.json).

Debian's ovmf and qemu-efi-aarch64 and Fedora's edk2-ovmf and edk2-aarch64 all install them, so no path is known here.
"""

from __future__ import annotations

import fnmatch
from pathlib import Path

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ToolError
from boatyard.vm.qemu import MACHINE_ALIAS, Firmware
from boatyard_boot.arch import Arch

# The same order as libvirt and QEMU's specification: the administrator's folder hides the packages' one.
DESCRIPTOR_DIRS = (Path("/etc/qemu/firmware"), Path("/usr/share/qemu/firmware"))
MAX_DESCRIPTOR_BYTES = 1 << 16
PACKAGES = {
    Arch.X86_64: ("ovmf", "edk2-ovmf"),
    Arch.AARCH64: ("qemu-efi-aarch64", "edk2-aarch64"),
}
# Secure Boot variants need SMM and enrolled keys; encrypted guests have no variable store.
UNWANTED_FEATURES = {"requires-smm", "secure-boot", "enrolled-keys", "amd-sev-es", "amd-sev-snp", "intel-tdx"}


class _File(msgspec.Struct):
    filename: str
    format: str = "raw"


class _Mapping(msgspec.Struct):
    device: str
    executable: _File | None = None
    nvram_template: _File | None = msgspec.field(default=None, name="nvram-template")


class _Target(msgspec.Struct):
    architecture: str
    machines: list[str]


class _Descriptor(msgspec.Struct):
    interfaces: list[str] = msgspec.field(name="interface-types")
    mapping: _Mapping
    targets: list[_Target]
    features: list[str]


def find_firmware(arch: Arch, folders: tuple[Path, ...] = DESCRIPTOR_DIRS) -> Firmware:
    """The first usable UEFI firmware without Secure Boot; ToolError naming the packages when there is none."""
    descriptors = {path.name: path for folder in reversed(folders) for path in folder.glob("*.json")}
    for name in sorted(descriptors):
        firmware = _firmware(descriptors[name], arch)
        if firmware is not None:
            return firmware
    debian, fedora = PACKAGES[arch]
    raise ToolError(
        f"no UEFI firmware for {arch} virtual machines is installed",
        detail="looked for descriptors in " + ", ".join(map(str, folders)),
        hint=f"install it: `apt-get install {debian}` (Debian) or `dnf install {fedora}` (Fedora)",
    )


def _firmware(path: Path, arch: Arch) -> Firmware | None:
    if not path.is_file() or not 0 < path.stat().st_size <= MAX_DESCRIPTOR_BYTES:  # an empty file masks a descriptor
        return None
    try:
        descriptor = msgspec.json.decode(path.read_bytes(), type=decodable(_Descriptor))
    except msgspec.DecodeError:
        return None  # another kind of firmware, or a newer format than this
    mapping = descriptor.mapping
    fits = any(
        target.architecture == arch and any(fnmatch.fnmatch(MACHINE_ALIAS[arch], glob) for glob in target.machines)
        for target in descriptor.targets
    )
    if not fits or "uefi" not in descriptor.interfaces or UNWANTED_FEATURES & set(descriptor.features):
        return None
    if mapping.device != "flash" or mapping.executable is None or mapping.nvram_template is None:
        return None
    code, variables = mapping.executable, mapping.nvram_template
    if not Path(code.filename).is_file() or not Path(variables.filename).is_file():
        return None
    return Firmware(Path(code.filename), code.format, Path(variables.filename), variables.format)
