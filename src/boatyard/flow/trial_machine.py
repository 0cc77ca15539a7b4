"""The VM of a trial: ordered, booted in its cloud, provisioned, and waited for until it has nothing left to do.

What goes wrong on the way is part of the record, not an error: there is a machine to look at and a report to write.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from boatyard.artifact.provision import AgentReport, ProvisionRecord
from boatyard.artifact.trial_report import Moment
from boatyard.base.error import ImageError
from boatyard.cloud.egress import egress
from boatyard.cloud.state import Phase
from boatyard.flow.cloud import LOOK_S, MEMORY_MIB, CloudMachine, cloud_machine
from boatyard.flow.trial_rest import wait_agent, wait_rest
from boatyard.ports import clock
from boatyard.trial.scenario import Egress, Limits, parse_duration
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import SshKey, ephemeral_key
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.artifact.machine import Drive
    from boatyard.artifact.trial_report import PhaseName
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.state import State
    from boatyard.vm.running import Harbour

PHASES: tuple[PhaseName, PhaseName] = ("boot", "provision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything that decides what the machine is like when it is ready. `pool`: what it is before it has an owner.

    `data`: its further disks, in the order of their LUNs. `credentials`: of systemd, readable by all users of the host.
    """

    vm: CloudVm
    disk: Drive
    pool: CloudVm | None = None
    data: tuple[Drive, ...] = ()
    arch: Arch = Arch.X86_64
    memory_mib: int = MEMORY_MIB
    cpus: int = 1
    egress: Egress = field(default_factory=Egress)
    host_ports: frozenset[int] = frozenset()
    credentials: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


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
    cache: Path | None,  # noqa: ARG001 (of snapshots)
    *,
    started: Callable[[CloudMachine], None] = lambda _: None,
) -> Iterator[Provisioned]:
    """Boots and provisions; the block gets the machine when that has come to an end, a good or a bad one.

    `cache`: the folder of snapshots; None to use none. `started` is told of the machine as soon as it has power.
    The serial console is written to `log`. ToolError or ImageError when QEMU is missing or does not start.
    """
    with ephemeral_key(harbour.run, harbour.scratch) as key, contextlib.ExitStack() as stack:
        machine = stack.enter_context(
            cloud_machine(
                _with_key(order.vm, key),
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
            )
        )
        started(machine)
        record = provision(machine, key, order)
        yield Provisioned(machine, key, record)


def provision(machine: CloudMachine, key: SshKey, order: Order) -> ProvisionRecord:
    """Waits for the boot, for the agents' word, and until the system is at rest; gives what was seen."""
    limits, reporter = order.limits, machine.vm.harbour.reporter
    record, phase = ProvisionRecord(), PHASES[0]
    try:
        with reporter.step("boot"):
            record = structs.replace(record, boot_s=_wait_boot(machine, parse_duration(limits.boot)))
        phase = PHASES[1]
        with reporter.step("provisioning"):
            deadline = clock.monotonic() + parse_duration(limits.provision)
            record = _wait_ready(machine, order, record, deadline)
            if record.failed is None:
                record = _wait_rest(machine, key, order.vm.user, record, deadline)
    except ImageError as error:
        problem = error.problems[0]
        record = structs.replace(
            record,
            failed=phase,
            reason=problem.what,
            detail=problem.detail,
            hint=problem.hint,
        )
    return _with_sights(record, machine)


def moments_of(machine: CloudMachine) -> tuple[Moment, ...]:
    """What passed between guest and fabric so far, and the stages of the boot, in the order of time."""
    told = [
        Moment(at_s=one.at_s, lane=one.channel, what=one.what, status=one.status, agent=one.agent, note=one.note)
        for one in list(machine.fabric.records)
    ]
    told += [Moment(at_s=at_s, lane="machine", what=name) for name, at_s in stages_of(machine).items()]
    return tuple(sorted(told, key=lambda moment: moment.at_s))


def stages_of(machine: CloudMachine) -> dict[str, float]:
    """The stages of the latest boot, by their titles."""
    return {stage.title: round(at_s, 3) for stage, at_s in dict(machine.vm.console.reached_s).items()}


def _with_key(vm: CloudVm, key: SshKey) -> CloudVm:
    return structs.replace(vm, public_keys=(*vm.public_keys, key.public))


def _wait_boot(machine: CloudMachine, limit_s: float) -> float:
    """Waits until the guest's own system runs: its console shows it, or it asks the fabric for something."""
    started = clock.monotonic()
    while True:
        with contextlib.suppress(TimeoutError):
            machine.fabric.wait_for(_has_asked, LOOK_S)
            break
        machine.vm.console.check()
        if Stage.SYSTEM <= machine.vm.console.stage < Stage.SHUTDOWN:
            break
        if clock.monotonic() - started > limit_s:
            raise machine.vm.console.failure(
                f"hangs: nothing after the stage {machine.vm.console.stage.title} for the limit of {limit_s:.0f} s"
            )
    return round(clock.monotonic() - started, 3)


def _has_asked(state: State) -> bool:
    count = state.count
    return bool(count.dhcp or count.imds or count.wireserver or count.health) or state.settled


def _wait_ready(machine: CloudMachine, order: Order, record: ProvisionRecord, deadline: float) -> ProvisionRecord:
    """Waits for the agents' word; a pooled VM gets its owner meanwhile."""
    if order.pool is not None:
        state = machine.wait_pooled(max(1.0, deadline - clock.monotonic()))
        if state.phase is not Phase.FAILED:
            machine.assign()
    state = machine.wait_settled(max(1.0, deadline - clock.monotonic()))
    if state.phase is Phase.FAILED:
        return structs.replace(record, failed="provision", reason=state.reason)
    return structs.replace(record, ready_s=round(next((told.at_s for told in state.reports if told.ready), 0.0), 3))


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
