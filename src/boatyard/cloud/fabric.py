"""The fabric of one VM while it runs: the state that its guest moves, watched by others, every exchange recorded."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from boatyard.artifact.trial_report import Contact
from boatyard.cloud.answer import answer
from boatyard.cloud.dhcp import Lease
from boatyard.cloud.record import Record, exchange, redact
from boatyard.cloud.state import Phase, State, assign, end_event, schedule
from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.cloud.address import Server
    from boatyard.cloud.dhcp import Query
    from boatyard.cloud.http import Request, Response
    from boatyard.cloud.site import Site
    from boatyard.cloud.state import ScheduledEvent

KEPT_RECORDS = 10_000
MAX_CONTACTS = 1000
LONGEST_FILE = 64 << 20
DHCP_KINDS = {1: "DISCOVER", 3: "REQUEST", 4: "DECLINE", 7: "RELEASE", 8: "INFORM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a fabric has seen of its VM, for the fabric of one that goes on from there. `elapsed_s`: since power-on."""

    state: State
    elapsed_s: float
    contacts: tuple[Contact, ...] = ()


class RunningFabric:
    """What `middlebox.Middlebox` asks, and what the VM's owner looks at. Safe to use from two threads.

    `log` gets every record as a JSON line, up to 64 MiB; the last 10,000 are in `records`. `past`: of a VM that was
    saved; its clock goes on.
    """

    def __init__(self, site: Site, log: TextIO, past: Past | None = None) -> None:
        past = past or Past(state=State(phase=Phase.PROVISIONING if site.pool is None else Phase.POOLED), elapsed_s=0.0)
        self.site = site
        self.records: deque[Record] = deque(maxlen=KEPT_RECORDS)
        self._state = past.state
        self._changed = threading.Condition()
        self._contacts = list(past.contacts)
        self._log: TextIO | None = log
        self._written = 0
        self._started = clock.monotonic() - past.elapsed_s
        pool = site.pool.secrets if site.pool is not None else ()
        # Longest first, so that a secret inside another one leaves no rest of it.
        self._secrets = tuple(sorted({*site.vm.secrets, *pool}, key=len, reverse=True))

    @property
    def state(self) -> State:
        with self._changed:
            return self._state

    @property
    def elapsed_s(self) -> float:
        """Seconds since power-on, by the clock of the records."""
        return clock.monotonic() - self._started

    def wait_for(self, what: Callable[[State], bool], timeout_s: float) -> State:
        """The state as soon as it is as wanted; TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: what(self._state), timeout_s):
                raise TimeoutError
            return self._state

    def assign(self) -> None:
        """A pooled VM gets its owner; its network must be seen to go and come back after it."""
        self._move(assign, "assigned to its owner")

    def schedule(self, event: ScheduledEvent) -> None:
        """Announces maintenance to the guest."""
        self._move(lambda state: schedule(state, event), f"scheduled {event.kind} {event.id}")

    def complete(self, event_id: str) -> None:
        """The maintenance is over; the guest is not told of it any more."""
        self._move(lambda state: end_event(state, event_id), f"completed {event_id}")

    def tell(self, what: str) -> None:
        """Records what the VM's owner does."""
        self._move(lambda state: state, what)

    def answer(self, server: Server, request: Request, now: float) -> Response:
        """Answers the guest."""
        at_s = now - self._started
        with self._changed:
            before = self._state
            self._state, response = answer(self.site, before, server, request, at_s)
            self._keep(exchange(server.value, request, response, (before, self._state), self._secrets, at_s))
            self._changed.notify_all()
        return response

    def lease(self, query: Query, now: float) -> tuple[Lease, float] | None:
        """The VM's address, or silence for the messages that the faults swallow."""
        fault = self.site.vm.fault
        with self._changed:
            count = replace(self._state.count, dhcp=self._state.count.dhcp + 1)
            self._state = replace(self._state, count=count)
            silent = count.dhcp <= fault.dhcp_ignored
            kind = DHCP_KINDS.get(query.kind, f"message {query.kind}")
            agent = redact(query.vendor_class, ())
            note = "ignored" if silent else ""
            self._keep(Record(at_s=now - self._started, channel="dhcp", what=kind, agent=agent, note=note))
        if silent:
            return None
        vm = self.site.vm
        return Lease(vm.wire.interface, vm.wire.gateway, vm.domain, frozenset(fault.dhcp_without)), fault.dhcp_delay_s

    def saw(self, place: str, now: float, *, name: str = "", passed: bool = True) -> None:
        """Records where the guest goes, and the name that led it there."""
        at_s = now - self._started
        place, name = redact(place, self._secrets), redact(name, self._secrets)
        with self._changed:
            known = any((one.place, one.passed) == (place, passed) for one in self._contacts)
            if not known and len(self._contacts) < MAX_CONTACTS:
                self._contacts.append(Contact(at_s=round(at_s, 3), place=place, name=name, passed=passed))
            what = place if passed else f"{place} (stopped)"
            self._keep(Record(at_s=at_s, channel="network", what=what, note=name))

    def contacts(self) -> tuple[Contact, ...]:
        """Where the guest went, each place once, in the order of time; at most 1,000."""
        with self._changed:
            return tuple(self._contacts)

    def past(self) -> Past:
        """What there is to know for a fabric that goes on from here."""
        with self._changed:
            return Past(state=self._state, elapsed_s=self.elapsed_s, contacts=tuple(self._contacts))

    def _move(self, change: Callable[[State], State], what: str) -> None:
        with self._changed:
            self._state = change(self._state)
            self._keep(Record(at_s=clock.monotonic() - self._started, channel="fabric", what=what))
            self._changed.notify_all()

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        line = record.line() + "\n"
        if self._log is None or self._written + len(line) > LONGEST_FILE:
            return
        try:
            self._log.write(line)
            self._log.flush()
            self._written += len(line)
        except OSError:  # a full disk: the guest is answered all the same
            self._log = None
