"""The machine that is ordered for a trial: its image, its size, and what its cloud is like; from a scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.flow.cloud import MEMORY_MIB
from boatyard.flow.trial.image import find_image
from boatyard.flow.trial.scenario import cloud_vm, pool_vm
from boatyard.trial.scenario import Egress, Limits
from boatyard.vm.accel import find_hypervisor
from boatyard_boot.arch import Arch
from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.machine import Drive
    from boatyard.cloud.machine import CloudVm
    from boatyard.flow.trial.image import TrialDisk
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.vm.qemu import Accelerator
    from boatyard.vm.running import Harbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything that decides what the machine is like when it is ready. `pool`: what it is before it has an owner.

    `image`: the SHA-256 of the disk's file, empty for a machine that is not kept. `supplied`: stands for the content
    of what it is served while it is provisioned. `data`: its further disks, in the order of their LUNs; made when none
    are given. `credentials`: of systemd, readable by all users of the host.
    """

    vm: CloudVm
    disk: Drive
    image: str = ""
    supplied: str = ""
    pool: CloudVm | None = None
    data: tuple[Drive, ...] = ()
    arch: Arch = Arch.X86_64
    memory_mib: int = MEMORY_MIB
    cpus: int = 1
    egress: Egress = field(default_factory=Egress)
    host_ports: frozenset[int] = frozenset()
    credentials: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


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
