"""Where a VM stands in the eyes of its host, and what moves it on. Frozen values; every transition is pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from boatyard.cloud.reason import failure_reason

KEPT_REPORTS = 50
KEPT_EVENTS = 20


class Phase(StrEnum):
    """A pooled VM has started for nobody yet and waits for its owner (pre-provisioning)."""

    POOLED = "pooled"
    PROVISIONING = "provisioning"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an agent said about the VM's health. `at_s`: seconds since power-on."""

    agent: str
    ready: bool
    sub_status: str = ""
    description: str = ""
    at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """What the Azure agent says about itself and its extensions, from the status it uploads."""

    version: str
    status: str
    extensions: tuple[tuple[str, str], ...] = ()  # (handler, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledEvent:
    """Maintenance that was announced. `kind`: Freeze, Reboot, Redeploy, Preempt or Terminate.

    It begins when the guest agrees to it, at the latest at `begins_s` (seconds since power-on), of which `not_before`
    is the date that the guest is told.
    """

    id: str
    kind: str
    not_before: str
    begins_s: float = math.inf
    status: str = "Scheduled"
    description: str = ""
    duration_s: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Requests so far, for faults that spoil the first ones."""

    dhcp: int = 0
    imds: int = 0
    wireserver: int = 0
    health: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that changes. `reason`: why provisioning failed, in the agent's words."""

    phase: Phase = Phase.PROVISIONING
    reason: str = ""
    incarnation: int = 1
    reports: tuple[Report, ...] = ()
    agent: AgentStatus | None = None
    events: tuple[ScheduledEvent, ...] = ()
    event_document: int = 1
    count: Count = Count()
    imds_times: tuple[float, ...] = ()

    @property
    def pooled(self) -> bool:
        return self.phase is Phase.POOLED

    @property
    def settled(self) -> bool:
        """Provisioning has come to an end, a good or a bad one."""
        return self.phase in (Phase.READY, Phase.FAILED)


def report(state: State, told: Report) -> State:
    """An agent's report. Failure is final; `Provisioning` after `Ready` is the second agent that starts."""
    reports = (*state.reports, told)[-KEPT_REPORTS:]
    if not told.ready and told.sub_status == "ProvisioningFailed":
        return replace(state, reports=reports, phase=Phase.FAILED, reason=failure_reason(told.description))
    if told.ready and state.phase is Phase.PROVISIONING:
        return replace(state, reports=reports, phase=Phase.READY)
    return replace(state, reports=reports)


def assign(state: State) -> State:
    """The pooled VM gets its owner: from now on everything it is told is the owner's."""
    assert state.pooled
    return replace(state, phase=Phase.PROVISIONING, incarnation=state.incarnation + 1)


def schedule(state: State, event: ScheduledEvent) -> State:
    """Announces maintenance."""
    return replace(state, events=(*state.events, event)[-KEPT_EVENTS:], event_document=state.event_document + 1)


def start_events(state: State, ids: frozenset[str]) -> State:
    """These begin at once, as the guest agrees."""
    if not any(event.id in ids and event.status == "Scheduled" for event in state.events):
        return state
    events = tuple(replace(event, status="Started") if event.id in ids else event for event in state.events)
    return replace(state, events=events, event_document=state.event_document + 1)


def start_due_events(state: State, now: float) -> State:
    """Begins what nobody agreed to in time; `now` is seconds since power-on."""
    return start_events(state, frozenset(event.id for event in state.events if event.begins_s <= now))


def end_event(state: State, event_id: str) -> State:
    """The maintenance is over."""
    events = tuple(event for event in state.events if event.id != event_id)
    return replace(state, events=events, event_document=state.event_document + 1)
