"""The VM's disks as Azure's guests know them: vendor, LUN, and the links below /dev/disk that deployments use.

In Azure the links come from udev rules of the image, which find disks by properties of Hyper-V's bus. That bus is not
there, so the same links come from a rule that the machine is given (a credential of systemd ≥ 256).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.machine import Drive

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.cloud.machine import CloudVm, DataDisk

VENDOR, PRODUCT = "Msft", "Virtual Disk"
DATA_TARGET, RESOURCE_TARGET = 1, 2  # on the SCSI bus; the CD takes a free one
OS_SERIAL = "azure-os"
CREDENTIAL = "udev.rules.99-local-cloud"
RULES = """\
SUBSYSTEM!="block", GOTO="local_cloud_end"
ATTRS{{serial}}=="{os}", ENV{{LOCAL_CLOUD}}="disk/azure/root"
SUBSYSTEMS=="scsi", KERNELS=="*:0:{resource}:0", ATTRS{{vendor}}=="{vendor}*", ENV{{LOCAL_CLOUD}}="disk/azure/resource"
ENV{{LOCAL_CLOUD}}=="disk/azure/resource", ENV{{DEVTYPE}}=="disk", SYMLINK+="disk/cloud/azure_resource"
ENV{{LOCAL_CLOUD}}=="disk/azure/resource", ENV{{DEVTYPE}}=="partition", SYMLINK+="disk/cloud/azure_resource-part%n"
{luns}\
ENV{{LOCAL_LUN}}=="?*", ENV{{LOCAL_CLOUD}}="disk/azure/scsi1/lun$env{{LOCAL_LUN}}"
ENV{{LOCAL_LUN}}=="?*", ENV{{DEVTYPE}}=="disk", SYMLINK+="disk/azure/data/by-lun/$env{{LOCAL_LUN}}"
ENV{{LOCAL_LUN}}=="?*", ENV{{DEVTYPE}}=="partition", SYMLINK+="disk/azure/data/by-lun/$env{{LOCAL_LUN}}-part%n"
ENV{{LOCAL_CLOUD}}=="?*", ENV{{DEVTYPE}}=="disk", SYMLINK+="$env{{LOCAL_CLOUD}}"
ENV{{LOCAL_CLOUD}}=="?*", ENV{{DEVTYPE}}=="partition", SYMLINK+="$env{{LOCAL_CLOUD}}-part%n"
LABEL="local_cloud_end"
"""
LUN = 'SUBSYSTEMS=="scsi", KERNELS=="*:0:{target}:{lun}", ATTRS{{vendor}}=="{vendor}*", ENV{{LOCAL_LUN}}="{lun}"\n'


def os_disk(drive: Drive) -> Drive:
    """The drive that the machine boots, known by its serial number."""
    return drive if drive.serial else structs.replace(drive, serial=OS_SERIAL)


def data_disk(disk: DataDisk, path: Path, form: str = "qcow2") -> Drive:
    """The drive of a managed disk, at its LUN."""
    return _drive(path, form, f"data-{disk.lun}", DATA_TARGET, disk.lun)


def resource_disk(path: Path, form: str = "qcow2") -> Drive:
    """The drive of the local disk that comes with a VM's size."""
    return _drive(path, form, "resource", RESOURCE_TARGET, 0)


def credentials(vm: CloudVm) -> dict[str, bytes]:
    """What makes the guest's udev link the disks as Azure's images do."""
    luns = "".join(LUN.format(target=DATA_TARGET, lun=disk.lun, vendor=VENDOR) for disk in vm.data_disks)
    rules = RULES.format(os=OS_SERIAL, resource=RESOURCE_TARGET, vendor=VENDOR, luns=luns)
    return {CREDENTIAL: rules.encode("ascii")}


def _drive(path: Path, form: str, serial: str, target: int, lun: int) -> Drive:
    given = Drive(path=path, bus="scsi", serial=serial, vendor=VENDOR, product=PRODUCT, target=target, lun=lun)
    return structs.replace(given, format=form)
