"""Boots an image as a VM of a local cloud: firmware tables, provisioning CD, and a fabric in its network cable."""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, TextIO

from boatyard.artifact.machine import Drive, Machine, Network, Subnet
from boatyard.base.error import ConfigError
from boatyard.cloud.attest import OpensslAttest
from boatyard.cloud.certificate import OpensslSeal
from boatyard.cloud.device import smbios_tables, system_uuid
from boatyard.cloud.disk import credentials as disk_credentials
from boatyard.cloud.disk import os_disk
from boatyard.cloud.egress import CLOUD_ONLY, Egress
from boatyard.cloud.fabric import Past, RunningFabric
from boatyard.cloud.middlebox import Cable, Middlebox
from boatyard.cloud.ovf import LABEL, NAME, environment
from boatyard.cloud.site import Site
from boatyard.cloud.state import Phase, ScheduledEvent
from boatyard.cloud.udf import udf_image
from boatyard.flow.cloud_disk import empty_disks
from boatyard.ports import clock
from boatyard.ports.files import writing_to
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import find_program
from boatyard.vm.checkpoint import Checkpoint, restored
from boatyard.vm.qemu import NETDEV, drive_name
from boatyard.vm.running import RunningMachine, boot
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.state import State
    from boatyard.vm.running import Harbour

MEMORY_MIB = 1024
PROVISION_TIMEOUT_S = 1800.0
LOOK_S = 2.0
# The guest has to hear the answer to its last report; then it waits for the loss of the link and for its return.
BEFORE_LINK_DOWN_S = 1.0
LINK_DOWN_S = 3.0


@dataclass(frozen=True, slots=True)
class CloudMachine:
    """A VM in its cloud. `records`: the file with every exchange, one JSON line each.

    `owners_cd`: the name of the drive with the provisioning CD, and the CD that a pooled VM's owner has in it.
    """

    vm: RunningMachine
    fabric: RunningFabric
    records: Path
    owners_cd: tuple[str, Path] | None = None

    def wait_settled(self, timeout_s: float = PROVISION_TIMEOUT_S) -> State:
        """Waits until the guest has said how provisioning ended, `ready` or `failed`; gives the fabric's state.

        ImageError when the machine ends, panics or says nothing within the time (seconds).
        """
        return self._wait(lambda state: state.settled, "reports neither that it is ready nor that it failed", timeout_s)

    def wait_pooled(self, timeout_s: float = PROVISION_TIMEOUT_S) -> State:
        """Waits until a pre-provisioned VM has reported that it is ready for an owner; ImageError."""
        wanted = lambda state: any(told.ready for told in state.reports) or state.phase is Phase.FAILED  # noqa: E731
        return self._wait(wanted, "does not report that it is ready for its owner", timeout_s)

    def assign(self) -> None:
        """Gives a pooled VM to its owner, the way Azure does: its link goes, and comes back in another network.

        With the pool's CD the guest would wait for an owner again at its next start.
        """
        clock.sleep(BEFORE_LINK_DOWN_S)
        with self._unplugged(LINK_DOWN_S):
            if self.owners_cd is not None:
                self.vm.qmp.insert(*self.owners_cd)
            self.fabric.assign()

    def flap(self, down_s: float = LINK_DOWN_S) -> None:
        """The network card loses its link for so many seconds; the VM notices."""
        self.fabric.tell(f"link down for {down_s:g} s")
        with self._unplugged(down_s):
            pass
        self.fabric.tell("link up")

    def announce(self, kind: str, notice_s: float, description: str = "") -> str:
        """Announces maintenance (Freeze, Reboot, Redeploy, Preempt or Terminate) that begins after `notice_s` seconds,
        or as soon as the guest agrees; gives its id. It is told of until `fabric.complete`; nothing carries it out.
        """
        event = ScheduledEvent(
            id=str(uuid.uuid4()).upper(),
            kind=kind,
            not_before=formatdate(clock.now() + notice_s, usegmt=True),
            begins_s=self.fabric.elapsed_s + notice_s,
            description=description,
        )
        self.fabric.schedule(event)
        return event.id

    @contextlib.contextmanager
    def _unplugged(self, down_s: float) -> Iterator[None]:
        self.vm.qmp.execute("set_link", name=NETDEV, up=False)
        try:
            yield
            clock.sleep(down_s)
        finally:
            self.vm.qmp.execute("set_link", name=NETDEV, up=True)

    def _wait(self, wanted: Callable[[State], bool], lack: str, timeout_s: float) -> State:
        deadline = clock.monotonic() + timeout_s
        while True:
            # The fabric tells at once what the guest reports; between that the console is asked for the guest's end.
            try:
                return self.fabric.wait_for(wanted, LOOK_S)
            except TimeoutError:
                self.vm.console.check()
            if clock.monotonic() > deadline:
                raise self.vm.console.failure(f"{lack} within {timeout_s:.0f} s")


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where a VM goes on instead of booting: the file with its state, and what its fabric had seen."""

    state: Path
    checkpoint: Checkpoint
    past: Past


@contextlib.contextmanager
def cloud_machine(
    vm: CloudVm,
    disk: Drive,
    harbour: Harbour,
    log: Path,
    *,
    data: tuple[Drive, ...] = (),
    pool: CloudVm | None = None,
    arch: Arch = Arch.X86_64,
    memory_mib: int = MEMORY_MIB,
    cpus: int = 1,
    egress: Egress = CLOUD_ONLY,
    host_ports: frozenset[int] = frozenset(),
    credentials: dict[str, bytes] | None = None,
    listener: Callable[[bytes], None] | None = None,
    resumed: Resumed | None = None,
) -> Iterator[CloudMachine]:
    """Boots `disk` as the VM; the block gets it from the moment it has power. The console is written to `log`.

    `data`: the disks that the description lists (`cloud.disk`); empty ones are made when none is given. `pool`: the
    description it starts with when it is pre-provisioned. `egress`: where it may go besides its cloud; of this
    machine's loopback only to `host_ports`, at the gateway's address. `credentials`: systemd's, for all to read.
    With `resumed` it goes on where it was saved, with the disks of then; CheckpointError when it cannot.
    What the guest asks is written beside the log, as `.requests.jsonl`, readable by this user only.
    """
    if arch is Arch.AARCH64 and vm.generation == "gen1":
        raise ConfigError("Arm64 VMs have no generation 1")
    if pool is not None and (pool.id, pool.generation, pool.wire) != (vm.id, vm.generation, vm.wire):
        raise ConfigError(
            "a pooled VM is another one than its owner ordered", hint="give both the same vm_id, generation and wire"
        )
    if vm.certificates:
        find_program("openssl")
    records = log.with_suffix(".requests.jsonl")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(leased_dir(harbour.scratch / "cloud"))
        seal = OpensslSeal(vm.certificates, harbour.run, harbour.scratch / "seal") if vm.certificates else None
        stream = stack.enter_context(_private(records))
        attest = OpensslAttest(harbour.run, harbour.scratch / "attest")
        past = resumed.past if resumed is not None else None
        fabric = RunningFabric(Site(vm, pool, seal, attest), stream, past)
        disks = (os_disk(disk), *(data or empty_disks(vm, folder, harbour.run)))
        cds = _cds(vm, pool if resumed is None else None, folder)  # one that was saved has its owner
        machine = describe(
            vm,
            (*disks, *cds[:1]),
            arch=arch,
            memory_mib=memory_mib,
            cpus=cpus,
            outward=egress.policy != "none" or bool(host_ports),
            credentials=credentials,
        )
        middlebox = Middlebox(cable(vm, host_ports, egress), fabric, secrets.token_bytes(16))
        if resumed is None:
            start = boot(machine, harbour, log, listener, frames=middlebox)
        else:
            start = restored(resumed.state, resumed.checkpoint, machine, harbour, log, listener, middlebox)
        running = stack.enter_context(start)
        owners_cd = (drive_name(len(disks)), cds[-1].path) if cds else None
        yield CloudMachine(running, fabric, records, owners_cd)


def describe(
    vm: CloudVm,
    drives: tuple[Drive, ...],
    *,
    arch: Arch,
    memory_mib: int,
    cpus: int,
    outward: bool,
    credentials: dict[str, bytes] | None = None,
) -> Machine:
    """The machine as QEMU is told of it."""
    network = vm.wire.interface.network
    subnet = Subnet(
        network=str(network),
        guest=str(vm.wire.interface.ip),
        gateway=str(vm.wire.gateway),
        resolver=str(cable(vm).resolver),
    )
    return Machine(
        name=vm.name,
        arch=arch,
        memory_mib=memory_mib,
        cpus=cpus,
        firmware="uefi" if vm.generation == "gen2" else "bios",
        drives=drives,
        network=Network(outward=outward, mac=vm.wire.mac, subnet=subnet, tapped=True),
        smbios=smbios_tables(vm),
        uuid=system_uuid(vm),
        credentials=disk_credentials(vm) | (credentials or {}),
        stealth=True,
        generation_id=arch is Arch.X86_64,  # as Azure's
    )


def cable(vm: CloudVm, host_ports: frozenset[int] = frozenset(), egress: Egress = CLOUD_ONLY) -> Cable:
    """The VM's network: Azure keeps the first addresses of a subnet for itself, one of which is QEMU's resolver."""
    interface = vm.wire.interface
    return Cable(
        mac=bytes.fromhex(vm.wire.mac.replace(":", "")),
        network=interface.network,
        address=interface.ip,
        gateway=vm.wire.gateway,
        resolver=interface.network[3],
        host_ports=host_ports,
        egress=egress,
        host=vm.name,
        domain=vm.domain,
    )


def _cds(vm: CloudVm, pool: CloudVm | None, folder: Path) -> tuple[Drive, ...]:
    """The provisioning CDs, first the one to start with and last the owner's, in a folder for this user only: they hold
    the password."""
    if not vm.cd:
        return ()
    documents = {"pool": environment(pool, pooled=True)} if pool is not None else {}
    cds = []
    for name, document in (documents | {"provisioning": environment(vm)}).items():
        path = folder / f"{name}.udf"
        path.write_bytes(udf_image(LABEL, {NAME: document}))
        cds.append(Drive(path=path, format="raw", kind="cdrom"))
    return tuple(cds)


@contextlib.contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            yield stream
