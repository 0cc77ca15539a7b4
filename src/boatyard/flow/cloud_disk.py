"""Makes the empty disks that a VM has besides the one it boots from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cloud.disk import data_disk, resource_disk
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.machine import Drive
    from boatyard.cloud.machine import CloudVm
    from boatyard.ports.run import Runner


def empty_disks(vm: CloudVm, folder: Path, run: Runner) -> tuple[Drive, ...]:
    """The data disks of the description, in its order, and its resource disk: sparse qcow2 files in `folder`.

    ToolError when `qemu-img` is missing or there is no space.
    """
    drives: list[Drive] = []
    for disk in vm.data_disks:
        drives.append(data_disk(disk, _make(folder / f"data-{disk.lun}.qcow2", disk.size_gib, run)))
    if vm.resource_disk_gib:
        drives.append(resource_disk(_make(folder / "resource.qcow2", vm.resource_disk_gib, run)))
    return tuple(drives)


def _make(path: Path, size_gib: int, run: Runner) -> Path:
    run(Command(argv=("qemu-img", "create", "-q", "-f", "qcow2", str(path), f"{size_gib}G")))
    path.chmod(0o600)
    return path
