"""The VM of a trial: ordered, booted in its cloud, provisioned, and waited for until it has nothing left to do.

What goes wrong on the way is part of the record, not an error: there is a machine to look at and a report to write.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from boatyard.artifact.provision import AgentReport, ProvisionRecord
from boatyard.artifact.trial_report import Moment
from boatyard.base.error import ImageError, ToolError
from boatyard.cloud.disk import data_disk, resource_disk
from boatyard.cloud.egress import egress
from boatyard.cloud.reason import unanswered
from boatyard.cloud.state import Phase
from boatyard.flow.cloud import LOOK_S, CloudMachine, Resumed, cloud_machine
from boatyard.flow.cloud_disk import empty_disks
from boatyard.flow.trial.key import snapshot_key
from boatyard.flow.trial.rest import wait_agent, wait_rest
from boatyard.flow.trial.snapshot import DISK, KEY, STATE, Below, Kept, Snapshot, find, keep, part, remove, staging
from boatyard.ports import clock
from boatyard.ports.lease import leased_dir
from boatyard.trial.scenario import parse_duration
from boatyard.vm.checkpoint import resume, save
from boatyard.vm.layer import layered
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import SshKey, ephemeral_key, logged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.artifact.machine import Drive
    from boatyard.artifact.trial_report import PhaseName
    from boatyard.cloud.fabric import Past
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.state import State
    from boatyard.flow.trial.order import Order
    from boatyard.vm.running import Harbour
    from boatyard.vm.ssh import Shell

PHASES: tuple[PhaseName, PhaseName] = ("boot", "provision")
LOGGED_OUT_S = 1.0  # until the guest has noticed


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A machine that is up, or as far as it came (`record.failed`), and the key that its user lets in."""

    machine: CloudMachine
    key: SshKey
    record: ProvisionRecord
    snapshot: Literal["none", "saved", "restored"] = "none"


@contextlib.contextmanager
def provisioned(
    order: Order,
    harbour: Harbour,
    log: Path,
    cache: Path | None,
    *,
    fresh: bool = False,
    started: Callable[[CloudMachine], None] = lambda _: None,
) -> Iterator[Provisioned]:
    """Boots and provisions; the block gets the machine when that has come to an end, a good or a bad one.

    `cache`: the folder of snapshots, None to use none; a machine like an earlier one goes on from its snapshot, unless
    a `fresh` one is wanted. One that was paused or restored (`snapshot` is not `none`) has a late clock: see `wake`.
    `started` is told of the machine as soon as it has power. The serial console is written to `log`.
    ToolError or ImageError when QEMU is missing or does not start.
    """
    key = snapshot_key(order, harbour) if cache is not None else ""
    with contextlib.ExitStack() as stack:
        up: Provisioned | None = None
        if cache is None or not key:
            up = _booted(order, harbour, log, stack, started)
        else:
            if not fresh:
                up = _restored(order, harbour, log, stack, find(key, cache))
            if up is not None:
                started(up.machine)
            else:
                up = _booted_to_keep(order, harbour, log, stack, started, cache, key)
        yield up


def wake(shell: Shell, *commands: str) -> bool:
    """Sets the clock of a machine that was paused or restored, and runs commands there as root; whether that worked."""
    script = "; ".join((f"date -u -s @{clock.now():.3f} >/dev/null", *commands))
    return shell(f"sudo -n sh -c {shlex.quote(script)}").code == 0


def _booted(
    order: Order, harbour: Harbour, log: Path, stack: contextlib.ExitStack, started: Callable[[CloudMachine], None]
) -> Provisioned:
    key = stack.enter_context(ephemeral_key(harbour.run, harbour.scratch))
    machine = stack.enter_context(_cloud_machine(order, key.public, harbour, log))
    started(machine)
    return Provisioned(machine, key, provision(machine, key, order))


def _booted_to_keep(
    order: Order,
    harbour: Harbour,
    log: Path,
    stack: contextlib.ExitStack,
    started: Callable[[CloudMachine], None],
    cache: Path,
    key: str,
) -> Provisioned:
    """As `_booted`, with disks that can be kept; what goes well is saved."""
    folder = stack.enter_context(staging(cache))
    layer = layered(order.disk, folder / DISK, harbour.run)
    data = tuple(structs.replace(one, keep_writes=True) for one in empty_disks(order.vm, folder, harbour.run))
    up = _booted(replace(order, disk=layer, data=data), harbour, log, stack, started)
    if up.record.failed is not None:
        return up
    with harbour.reporter.step("snapshot"):
        saved = _save(up, order, folder, cache, key)
    return replace(up, snapshot="saved") if saved else up


def _save(up: Provisioned, order: Order, folder: Path, cache: Path, key: str) -> bool:
    """Whether the machine is kept for later trials. It runs on in any case; ImageError when it cannot."""
    machine = up.machine
    try:
        # Who logs in within some seconds after that finds his session's services still there.
        with logged_in(machine.vm, up.key.private, order.vm.user):
            pass
        clock.sleep(LOGGED_OUT_S)
        elapsed_s = machine.fabric.elapsed_s
        below = Below.of(order.disk.path)
        checkpoint = save(machine.vm, folder / STATE)
        shutil.copyfile(up.key.private, folder / KEY)
        snapshot = Snapshot(
            key=key,
            machine=order.vm.name,
            below=below,
            checkpoint=checkpoint,
            parts={path.name: part(path) for path in folder.iterdir() if path.name != STATE},
            public_key=up.key.public,
            past=_past(machine, order, elapsed_s),
            record=up.record,
        )
        keep(snapshot, folder, cache)
        saved = True
    except (ImageError, ToolError, OSError) as error:  # a TimeoutError is an OSError
        machine.vm.harbour.reporter.note(f"the machine is not kept for later trials: {error}")
        saved = False
    resume(machine.vm)
    return saved


def _past(machine: CloudMachine, order: Order, elapsed_s: float) -> Past:
    """What later fabrics are to know; not the ports that served this trial alone."""
    past, gateway = machine.fabric.past(), order.vm.wire.gateway
    passing = {f"tcp {gateway}:{port}" for port in order.host_ports.difference(order.egress.host_ports)}
    contacts = tuple(contact for contact in past.contacts if contact.place not in passing)
    return replace(past, elapsed_s=elapsed_s, contacts=contacts)


def _restored(
    order: Order, harbour: Harbour, log: Path, stack: contextlib.ExitStack, found: Iterator[Kept]
) -> Provisioned | None:
    """The machine as it was kept; None when there is none that can go on."""
    for kept in found:
        disk = structs.replace(order.disk, path=kept.folder / DISK, format="qcow2")
        ordered = replace(order, disk=disk, data=_kept_disks(order.vm, kept.folder))
        snapshot = kept.snapshot
        resumed = Resumed(kept.state, snapshot.checkpoint, snapshot.past)
        with contextlib.ExitStack() as own, harbour.reporter.step("restore"):
            try:
                key = own.enter_context(_copied_key(kept, harbour.scratch))
                machine = own.enter_context(_cloud_machine(ordered, key.public, harbour, log, resumed))
            except (ImageError, OSError):  # damaged, or removed at this moment: another one is made
                remove(kept)
                continue
            stack.push(own.pop_all())
            return Provisioned(machine, key, snapshot.record, "restored")
    return None


def _cloud_machine(
    order: Order, public_key: str, harbour: Harbour, log: Path, resumed: Resumed | None = None
) -> contextlib.AbstractContextManager[CloudMachine]:
    return cloud_machine(
        structs.replace(order.vm, public_keys=(*order.vm.public_keys, public_key)),
        order.disk,
        harbour,
        log,
        data=order.data,
        pool=order.pool,
        arch=order.arch,
        memory_mib=order.memory_mib,
        cpus=order.cpus,
        egress=egress(order.egress.policy, order.egress.allow),
        host_ports=order.host_ports,
        credentials=order.credentials,
        resumed=resumed,
    )


def _kept_disks(vm: CloudVm, folder: Path) -> tuple[Drive, ...]:
    """The disks besides the first, as `flow.cloud_disk.empty_disks` had named them."""
    drives = [data_disk(disk, folder / f"data-{disk.lun}.qcow2") for disk in vm.data_disks]
    return (*drives, *([resource_disk(folder / "resource.qcow2")] if vm.resource_disk_gib else []))


@contextlib.contextmanager
def _copied_key(kept: Kept, scratch: Path) -> Iterator[SshKey]:
    """A copy of the key, which stays when the snapshot is removed."""
    with leased_dir(scratch / "keys") as folder:
        private = folder / "key"
        private.touch(mode=0o600)
        shutil.copyfile(kept.folder / KEY, private)
        yield SshKey(private, kept.snapshot.public_key)


def provision(machine: CloudMachine, key: SshKey, order: Order) -> ProvisionRecord:
    """Waits for the boot, for the agents' word, and until the system is at rest; gives what was seen."""
    limits, reporter = order.limits, machine.vm.harbour.reporter
    record, phase = ProvisionRecord(), PHASES[0]
    try:
        with reporter.step("boot"):
            record = structs.replace(record, boot_s=_wait_boot(machine, parse_duration(limits.boot)))
        phase = PHASES[1]
        with reporter.step("provisioning") as told:
            deadline = clock.monotonic() + parse_duration(limits.provision)
            record = _wait_ready(machine, order, record, deadline)
            if record.failed is None:
                record = _wait_rest(machine, key, order.vm.user, record, deadline)
            else:
                told.failed()
    except ImageError as error:
        problem = error.problems[0]
        record = structs.replace(
            record,
            failed=phase,
            reason=problem.what,
            detail=problem.detail,
            hint="; ".join(filter(None, (unanswered(list(machine.fabric.records)), problem.hint))),
        )
    return _with_sights(record, machine)


def moments_of(machine: CloudMachine) -> tuple[Moment, ...]:
    """What passed between guest and fabric so far, and the stages of every boot, in the order of time."""
    told = [
        Moment(at_s=one.at_s, lane=one.channel, what=one.what, status=one.status, agent=one.agent, note=one.note)
        for one in list(machine.fabric.records)
    ]
    stages = tuple(machine.vm.console.passed)
    told += [Moment(at_s=round(at_s, 3), lane="machine", what=stage.title) for stage, at_s in stages]
    return tuple(sorted(told, key=lambda moment: moment.at_s))


def stages_of(machine: CloudMachine) -> dict[str, float]:
    """The stages of the latest boot, by their titles."""
    return {stage.title: round(at_s, 3) for stage, at_s in dict(machine.vm.console.reached_s).items()}


def _wait_boot(machine: CloudMachine, limit_s: float) -> float:
    """Waits until the guest's own system runs: its console shows it, or it asks the fabric for something."""
    started = clock.monotonic()
    while True:
        with contextlib.suppress(TimeoutError):
            machine.fabric.wait_for(has_asked, LOOK_S)
            break
        machine.vm.console.check()
        if Stage.SYSTEM <= machine.vm.console.stage < Stage.SHUTDOWN:
            break
        if clock.monotonic() - started > limit_s:
            raise machine.vm.console.failure(
                f"hangs: nothing after the stage {machine.vm.console.stage.title} for the limit of {limit_s:.0f} s"
            )
    return round(clock.monotonic() - started, 3)


def has_asked(state: State) -> bool:
    """Whether the guest's own system has come so far as to ask its cloud for something."""
    count = state.count
    return bool(count.dhcp or count.imds or count.wireserver or count.health) or state.settled


def _wait_ready(machine: CloudMachine, order: Order, record: ProvisionRecord, deadline: float) -> ProvisionRecord:
    """Waits for the agents' word; a pooled VM gets its owner meanwhile."""
    since = 0.0
    if order.pool is not None:
        state = machine.wait_pooled(max(1.0, deadline - clock.monotonic()))
        if state.phase is not Phase.FAILED:
            since = machine.fabric.elapsed_s  # what was ready before is the pool's
            machine.assign()
    state = machine.wait_settled(max(1.0, deadline - clock.monotonic()))
    if state.phase is Phase.FAILED:
        return structs.replace(record, failed="provision", reason=state.reason)
    ready = (told.at_s for told in state.reports if told.ready and told.at_s >= since)
    return structs.replace(record, ready_s=round(next(ready, 0.0), 3))


def _wait_rest(
    machine: CloudMachine, key: SshKey, user: str, record: ProvisionRecord, deadline: float
) -> ProvisionRecord:
    """Waits until cloud-init, systemd and the agent have nothing left to do. The machine may restart meanwhile."""
    rest = wait_rest(machine, key.private, user, deadline)
    if rest.has_agent:
        wait_agent(machine, deadline)
    return structs.replace(
        record,
        settled_s=round(machine.fabric.elapsed_s, 3),
        cloud_init=rest.cloud_init,
        system_state=rest.system_state,
        boot_id=rest.boot_id,
    )


def _with_sights(record: ProvisionRecord, machine: CloudMachine) -> ProvisionRecord:
    state = machine.fabric.state
    return structs.replace(
        record,
        stages=stages_of(machine),
        reports=tuple(
            AgentReport(
                agent=told.agent,
                ready=told.ready,
                at_s=round(told.at_s, 3),
                sub_status=told.sub_status,
                description=told.description,
            )
            for told in state.reports
        ),
        agent_version=state.agent.version if state.agent is not None else "",
        agent_status=state.agent.status if state.agent is not None else "",
        moments=moments_of(machine),
        contacts=machine.fabric.contacts(),
    )
