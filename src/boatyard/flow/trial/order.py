"""From a scenario to the machine that is ordered: its image, its size, and what its cloud is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.flow.trial.image import find_image
from boatyard.flow.trial.machine import Order
from boatyard.flow.trial.scenario import cloud_vm, pool_vm
from boatyard.vm.accel import find_hypervisor
from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.flow.trial.image import TrialDisk
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.vm.qemu import Accelerator
    from boatyard.vm.running import Harbour
    from boatyard_boot.arch import Arch


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a trial finds things and leaves things. `images`, `published`: of the project, None outside of any.

    `report`: a folder for what it writes; `cache`: for digests and facts; `snapshots`: None to use none.
    """

    arch: Arch
    report: Path
    cache: Path
    images: Path | None = None
    published: Path | None = None
    snapshots: Path | None = None
    fresh: bool = False


def order_of(placed: PlacedScenario, places: Places, harbour: Harbour) -> tuple[Order, TrialDisk, Accelerator]:
    """The machine, its disk, and how its code runs here; NotFoundError, ImageError for an image that is none."""
    scenario = placed.scenario
    disk = find_image(
        scenario.image,
        beside=placed.folder,
        images=places.images,
        published=places.published,
        arch=places.arch,
        run=harbour.run,
        cache=places.cache / "images",
        generation=scenario.vm.generation,
    )
    accelerator = find_hypervisor(places.arch, harbour.run, harbour.scratch / "hypervisor").accelerator
    vm = structs.replace(cloud_vm(placed), os_disk_gib=disk.size_gib)
    one = accelerator.emulated and accelerator.thread == "single"  # more would take turns on one processor of this host
    order = Order(
        vm=vm,
        disk=disk.drive,
        image=disk.image.sha256,
        pool=pool_vm(vm) if scenario.faults.reprovision else None,
        arch=places.arch,
        memory_mib=parse_size(scenario.vm.memory) // MIB,
        cpus=1 if one else scenario.vm.cpus,
        egress=scenario.egress,
        host_ports=frozenset(scenario.egress.host_ports),
        limits=scenario.limits,
    )
    return order, disk, accelerator
