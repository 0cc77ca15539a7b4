"""The VM's disks: where they are on the bus, how udev is told to link them, what the metadata service says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.cloud.some import VM

from boatyard.artifact.machine import Drive
from boatyard.base.error import ConfigError
from boatyard.cloud.disk import CREDENTIAL, credentials, data_disk, os_disk, resource_disk
from boatyard.cloud.instance import instance
from boatyard.cloud.machine import CloudVm, DataDisk
from boatyard.flow.cloud_disk import empty_disks
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

DISKS = (DataDisk(name="logs", lun=3, size_gib=8), DataDisk(name="db", lun=0, size_gib=1))
ORDERED = msgspec.structs.replace(VM, data_disks=DISKS, resource_disk_gib=4)


def test_each_disk_has_its_place() -> None:
    data, resource = data_disk(DISKS[0], Path("/d")), resource_disk(Path("/r"))
    assert (data.bus, data.target, data.lun, data.vendor, data.product) == ("scsi", 1, 3, "Msft", "Virtual Disk")
    assert (resource.target, resource.lun, resource.vendor) == (2, 0, "Msft")
    assert os_disk(Drive(path=Path("/o"))).serial == "azure-os"
    assert os_disk(Drive(path=Path("/o"), serial="own")).serial == "own"


def test_the_rules_link_them() -> None:
    rules = credentials(ORDERED)[CREDENTIAL].decode()
    assert 'KERNELS=="*:0:1:3", ATTRS{vendor}=="Msft*", ENV{LOCAL_LUN}="3"\n' in rules
    assert 'KERNELS=="*:0:2:0", ATTRS{vendor}=="Msft*", ENV{LOCAL_CLOUD}="disk/azure/resource"\n' in rules
    assert 'SYMLINK+="disk/azure/data/by-lun/$env{LOCAL_LUN}-part%n"\n' in rules
    assert "{{" not in rules
    every = msgspec.structs.replace(VM, data_disks=tuple(DataDisk(name="d", lun=n, size_gib=1) for n in range(64)))
    assert len(credentials(every)[CREDENTIAL]) < 8000  # the firmware's tables have 64 KiB for everything


def test_the_metadata_service_knows_them() -> None:
    storage = instance(ORDERED, "2023-07-01", extended=False, pooled=False)["compute"]["storageProfile"]
    assert storage["resourceDisk"] == {"size": str(4 << 20)}  # KiB
    assert [(disk["lun"], disk["diskSizeGB"], disk["name"]) for disk in storage["dataDisks"]] == [
        ("3", "8", "logs"),
        ("0", "1", "db"),
    ]


@pytest.mark.parametrize(
    ("disks", "resource"),
    [((DISKS[0], DISKS[0]), 0), ((DataDisk(name="x", lun=64, size_gib=1),), 0),
     ((DataDisk(name="x", lun=0, size_gib=0),), 0), ((), -1), ((), 1 << 20)],
)  # fmt: skip
def test_disks_that_no_vm_has(disks: tuple[DataDisk, ...], resource: int) -> None:
    with pytest.raises(ConfigError):
        CloudVm(name="a", data_disks=disks, resource_disk_gib=resource)


@pytest.mark.tool
def test_empty_disks_are_made_and_take_no_space(tmp_path: Path, run: HostRunner) -> None:
    drives = empty_disks(ORDERED, tmp_path, run)
    assert [(drive.target, drive.lun) for drive in drives] == [(1, 3), (1, 0), (2, 0)]
    for drive, size in zip(drives, (8, 1, 4), strict=True):
        told = json.loads(run(Command(argv=("qemu-img", "info", "--output=json", str(drive.path)))).text)
        assert (told["format"], told["virtual-size"]) == ("qcow2", size << 30)
        assert drive.path.stat().st_size < 1 << 20
        assert drive.path.stat().st_mode & 0o777 == 0o600
