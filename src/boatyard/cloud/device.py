"""What an Azure VM's firmware tables say (SMBIOS)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard.artifact.machine import SmbiosTable

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm

MANUFACTURER, PRODUCT = "Microsoft Corporation", "Virtual Machine"
# By this tag, and nothing else, cloud-init and the agent know Azure.
ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"
# systemd-detect-virt says `microsoft` for what begins with Hyper-V, and the agent's unit of many distributions waits
# for that. Azure's generation 1 says `7.0` and is known by a processor leaf instead, which emulated processors lack.
VERSION = {"gen2": "Hyper-V UEFI Release v4.1", "gen1": "Hyper-V 7.0"}
FIRMWARE = {
    "gen2": ("Microsoft Corporation", "Hyper-V UEFI Release v4.1"),
    "gen1": ("American Megatrends Inc.", "090008"),
}


def smbios_tables(vm: CloudVm) -> tuple[SmbiosTable, ...]:
    """The tables of Azure's firmware."""
    vendor, version = FIRMWARE[vm.generation]
    system = VERSION[vm.generation]
    serial = "-".join(f"{int(part, 16) % 10_000:04d}" for part in vm.id.split("-"))
    return (
        SmbiosTable(type=0, fields={"vendor": vendor, "version": version}),
        SmbiosTable(
            type=1,
            fields={"manufacturer": MANUFACTURER, "product": PRODUCT, "version": system, "serial": serial},
        ),
        SmbiosTable(type=2, fields={"manufacturer": MANUFACTURER, "product": PRODUCT, "version": system}),
        SmbiosTable(type=3, fields={"manufacturer": MANUFACTURER, "version": system, "asset": ASSET_TAG}),
    )


def system_uuid(vm: CloudVm) -> str:
    """The firmware's UUID from which guests find the VM's id.

    Agents swap the bytes of the first three fields when there is no UEFI, as generation 1 shows them swapped.
    """
    identity = uuid.UUID(vm.id)
    return str(uuid.UUID(bytes=identity.bytes_le) if vm.generation == "gen1" else identity)
