"""The architectures a distribution is built for, under the names each tool gives them."""

from __future__ import annotations

import platform
from enum import StrEnum


class Arch(StrEnum):
    """RPM's basearch names."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"

    @property
    def deb(self) -> str:
        """Debian's name of the architecture."""
        return {"x86_64": "amd64", "aarch64": "arm64"}[self.value]

    @property
    def efi_file(self) -> str:
        """File name of the removable-media boot loader (UEFI specification 3.5.1.1)."""
        return {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}[self.value]

    @classmethod
    def of_host(cls) -> Arch:
        """The architecture this process runs on; ValueError on any other."""
        return cls({"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine(), platform.machine()))
