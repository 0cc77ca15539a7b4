"""How a VM of the local cloud came up, from power-on until it had nothing left to do. Seconds from power-on."""

import msgspec

from boatyard.artifact.codec import Artifact
from boatyard.artifact.trial_report import Contact, Moment, PhaseName


class AgentReport(Artifact, frozen=True, kw_only=True):
    """What an agent said about the VM's health."""

    agent: str
    ready: bool
    at_s: float
    sub_status: str = ""
    description: str = ""


class ProvisionRecord(Artifact, frozen=True, kw_only=True):
    """`failed`: the phase (boot or provision) that went wrong, with its reason in a line, the evidence and the cure.

    `stages`: of the boot, by their titles. `boot_s`: when the guest's own system ran; `ready_s`: when the fabric heard
    that it is ready (0 for never); `settled_s`: when cloud-init and systemd had nothing left to do.
    `agent_version`, `agent_status`: what WALinuxAgent uploaded. `cloud_init`: `cloud-init status --format json`, empty
    without cloud-init. `system_state`: `systemctl is-system-running`.
    """

    failed: PhaseName | None = None
    reason: str = ""
    detail: str = ""
    hint: str = ""
    stages: dict[str, float] = msgspec.field(default_factory=dict)
    boot_s: float = 0.0
    ready_s: float = 0.0
    settled_s: float = 0.0
    reports: tuple[AgentReport, ...] = ()
    agent_version: str = ""
    agent_status: str = ""
    cloud_init: str = ""
    system_state: str = ""
    boot_id: str = ""
    moments: tuple[Moment, ...] = ()
    contacts: tuple[Contact, ...] = ()
