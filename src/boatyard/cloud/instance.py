"""The instance metadata document of a VM, as a tree: objects, lists, and strings. Pure.

Every primitive is a string, and what is not known is an empty one, as in Azure; `extended` has Azure's one boolean.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from boatyard.cloud.machine import LOCAL_SUBSCRIPTION

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm, DataDisk

Tree = dict[str, Any]
KIB_OF_GIB = 1 << 20
# The API version in which a key of `compute` appeared.
SINCE = {
    "vmId": "2017-04-02",
    "publicKeys": "2018-04-02",
    "storageProfile": "2019-06-01",
    "tagsList": "2019-06-04",
    "osProfile": "2020-07-15",
    "securityProfile": "2020-06-01",
    "userData": "2021-01-01",
    "extendedLocation": "2021-03-01",
    "host": "2021-11-15",
    "hostGroup": "2021-11-15",
    "physicalZone": "2023-11-15",
}


def instance(vm: CloudVm, version: str, *, extended: bool, pooled: bool) -> Tree:
    """The document for an API version."""
    tree: Tree = {
        "compute": {key: value for key, value in _compute(vm).items() if SINCE.get(key, "") <= version},
        "network": _network(vm),
    }
    if extended:
        kind = "Running" if pooled else "None"
        tree["extended"] = {"compute": {"hasCustomData": bool(vm.custom_data), "ppsType": kind}}
    return tree


def _compute(vm: CloudVm) -> Tree:
    group = f"/subscriptions/{LOCAL_SUBSCRIPTION}/resourceGroups/{vm.resource_group}"
    return {
        "azEnvironment": "AzurePublicCloud",
        "customData": "",
        "evictionPolicy": "",
        "extendedLocation": {"name": "", "type": ""},
        "host": {"id": ""},
        "hostGroup": {"id": ""},
        "isHostCompatibilityLayerVm": "false",
        "licenseType": "",
        "location": vm.location,
        "name": vm.name,
        "offer": "",
        "osProfile": {
            "adminUsername": vm.user,
            "computerName": vm.name,
            "disablePasswordAuthentication": "false" if vm.password else "true",
        },
        "osType": "Linux",
        "physicalZone": "",
        "placementGroupId": "",
        "plan": {"name": "", "product": "", "publisher": ""},
        "platformFaultDomain": "0",
        "platformSubFaultDomain": "",
        "platformUpdateDomain": "0",
        "priority": "",
        "provider": "Microsoft.Compute",
        "publicKeys": [
            {"keyData": key.strip(), "path": f"/home/{vm.user}/.ssh/authorized_keys"} for key in vm.public_keys
        ],
        "publisher": "",
        "resourceGroupName": vm.resource_group,
        "resourceId": f"{group}/providers/Microsoft.Compute/virtualMachines/{vm.name}",
        "securityProfile": {
            "encryptionAtHost": "false",
            "secureBootEnabled": "false",
            "securityType": "",
            "virtualTpmEnabled": "false",
        },
        "sku": vm.generation,
        "storageProfile": _storage(vm),
        "subscriptionId": LOCAL_SUBSCRIPTION,
        "tags": ";".join(f"{name}:{value}" for name, value in vm.tags.items()),
        "tagsList": [{"name": name, "value": value} for name, value in vm.tags.items()],
        "userData": base64.b64encode(vm.user_data).decode(),
        "version": "",
        "virtualMachineScaleSet": {"id": ""},
        "vmId": vm.id,
        "vmScaleSetName": "",
        "vmSize": vm.size,
        "zone": "",
    }


def _storage(vm: CloudVm) -> Tree:
    key = {"secretUrl": "", "sourceVault": {"id": ""}}
    return {
        "dataDisks": [_data_disk(disk) for disk in vm.data_disks],
        "imageReference": {
            "communityGalleryImageId": "",
            "exactVersion": "",
            "id": "",
            "offer": "",
            "publisher": "",
            "sharedGalleryImageId": "",
            "sku": "",
            "version": "",
        },
        "osDisk": {
            "caching": "ReadWrite",
            "createOption": "FromImage",
            "diffDiskSettings": {"option": ""},
            "diskSizeGB": str(vm.os_disk_gib),
            "encryptionSettings": {
                "diskEncryptionKey": key,
                "enabled": "false",
                "keyEncryptionKey": {"keyUrl": "", "sourceVault": {"id": ""}},
            },
            "image": {"uri": ""},
            "managedDisk": {"id": "", "storageAccountType": "Premium_LRS"},
            "name": f"{vm.name}_OsDisk_1",
            "osType": "Linux",
            "vhd": {"uri": ""},
            "writeAcceleratorEnabled": "false",
        },
        "resourceDisk": {"size": str(vm.resource_disk_gib * KIB_OF_GIB)},
    }


def _data_disk(disk: DataDisk) -> Tree:
    return {
        "bytesPerSecondThrottle": "",
        "caching": "None",
        "createOption": "Empty",
        "diskCapacityBytes": str(disk.size_gib << 30),
        "diskSizeGB": str(disk.size_gib),
        "image": {"uri": ""},
        "isSharedDisk": "false",
        "isUltraDisk": "false",
        "lun": str(disk.lun),
        "managedDisk": {"id": "", "storageAccountType": "Premium_LRS"},
        "name": disk.name,
        "opsPerSecondThrottle": "",
        "vhd": {"uri": ""},
        "writeAcceleratorEnabled": "false",
    }


def _network(vm: CloudVm) -> Tree:
    interface = vm.wire.interface
    return {
        "interface": [
            {
                "ipv4": {
                    "ipAddress": [{"privateIpAddress": str(interface.ip), "publicIpAddress": ""}],
                    "subnet": [
                        {"address": str(interface.network.network_address), "prefix": str(interface.network.prefixlen)}
                    ],
                },
                "ipv6": {"ipAddress": []},
                "macAddress": vm.wire.mac.replace(":", "").upper(),
            }
        ]
    }
