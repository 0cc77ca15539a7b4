"""The logbook of a trial: what was seen so far. A report can be made of it at any moment, however the trial ends."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import TITLES, Moment, PhaseRow, TrialCheck, TrialReport
from boatyard.base.error import BoatyardError, ImageError
from boatyard.cloud.fidelity import not_emulated
from boatyard.flow.trial.advice import advice
from boatyard.flow.trial.machine import has_asked, moments_of
from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.provision import ProvisionRecord
    from boatyard.artifact.trial_report import PhaseName, SeenCommand
    from boatyard.flow.cloud import CloudMachine
    from boatyard.flow.trial.image import TrialDisk
    from boatyard.flow.trial.machine import Provisioned
    from boatyard.flow.trial.order import Order
    from boatyard.vm.qemu import Accelerator

CONSOLE_LINES = 60
INTERRUPTED = "interrupted"


@dataclass
class Logbook:
    """`at_sea`: the phase that goes on; what ends the trial in it is its failure."""

    name: str
    order: Order
    disk: TrialDisk
    accelerator: Accelerator
    notes: tuple[str, ...] = ()
    at_sea: PhaseName = "static"
    machine: CloudMachine | None = None
    up: Provisioned | None = None
    rows: dict[PhaseName, PhaseRow] = field(default_factory=dict)
    checks: list[TrialCheck] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    commands: tuple[SeenCommand, ...] = ()
    words: list[str] = field(default_factory=list)  # lines that the deployment printed
    words_of_guest: list[str] | None = None  # lines of the guest's own logs; None as long as they are not kept
    _began: float = field(default_factory=clock.monotonic)
    _phase_began: float = field(default_factory=clock.monotonic)
    _started: float = field(default_factory=clock.now)

    def begin(self, name: PhaseName) -> None:
        """From now on it is this phase that goes on."""
        self.at_sea, self._phase_began = name, clock.monotonic()

    @contextlib.contextmanager
    def phase(self, name: PhaseName) -> Iterator[None]:
        """A phase: what goes wrong with the machine in it is its failure, and goes no further."""
        self.begin(name)
        try:
            yield
        except BoatyardError as error:
            problem = self._cause(error).problems[0]
            self.fail(problem.what + (f"; {problem.hint}" if problem.hint else ""))
        else:
            wrong = [check for check in self.checks if check.phase == name and check.outcome == "failed"]
            if wrong:
                self.fail(reason_of(wrong))
            elif name not in self.rows:
                self.rows[name] = PhaseRow(name=name, outcome="passed", seconds=self._phase_s())

    def fail(self, reason: str) -> None:
        """The phase that goes on has failed, for a reason in a line."""
        row = PhaseRow(name=self.at_sea, outcome="failed", seconds=self._phase_s(), reason=reason)
        self.rows[self.at_sea] = row

    def skip(self, name: PhaseName, reason: str) -> None:
        """There is nothing to do in a phase."""
        self.rows[name] = PhaseRow(name=name, outcome="skipped", seconds=0.0, reason=reason)

    def failed(self, name: PhaseName) -> bool:
        return name in self.rows and self.rows[name].outcome == "failed"

    def at_s(self) -> float:
        """Seconds since power-on, 0 before."""
        return round(self.machine.fabric.elapsed_s, 3) if self.machine is not None else 0.0

    def mark(self, check: TrialCheck, at_s: float | None = None) -> None:
        """Keeps a check with its place on the timeline, which is now unless given."""
        at_s = self.at_s() if at_s is None else at_s
        self.checks.append(check)
        note = f"{check.outcome}: {check.found}"
        self.moments.append(Moment(at_s=at_s, lane=check.phase, what=check.name, note=note))

    def arrived(self, up: Provisioned) -> None:
        """The machine is up, or has come as far as it could."""
        self.up, record = up, up.record
        end_s = record.settled_s or self.at_s()
        boot_s = end_s if record.failed == "boot" else record.boot_s
        spans: dict[PhaseName, float] = {"boot": boot_s, "provision": end_s - boot_s}
        for name, seconds in spans.items():
            failed = record.failed == name
            self.rows[name] = PhaseRow(
                name=name,
                outcome="failed" if failed else "passed",
                seconds=round(seconds, 1),
                reason=record.reason if failed else "",
                from_snapshot=up.snapshot == "restored",
            )
            if failed:
                self.mark(_failure(name, record), end_s)
                return

    def started(self, machine: CloudMachine) -> None:
        """The machine has power."""
        self.machine = machine

    def give_up(self, error: BaseException) -> None:
        """The trial ends in the middle: the phase that goes on has not passed."""
        if self.at_sea == "boot" and self.machine is not None and has_asked(self.machine.fabric.state):
            self.rows["boot"] = PhaseRow(name="boot", outcome="passed", seconds=self._first_asked_s())
            self.at_sea = "provision"
        self.fail(error.problems[0].what if isinstance(error, BoatyardError) else INTERRUPTED)

    def report(self) -> TrialReport:
        """What is known now."""
        failed = next((self.rows[name] for name in TITLES if self.failed(name)), None)
        record = self.up.record if self.up is not None else None
        lacking = not_emulated(self.order.vm, self.accelerator.kind, self.order.egress.policy)
        return TrialReport(
            scenario=self.name,
            image=self.disk.image,
            machine=self.order.vm.name,
            generation=self.order.vm.generation,
            accelerator=self.accelerator.kind,
            snapshot=self.up.snapshot if self.up is not None else "none",
            passed=failed is None and all(name in self.rows for name in TITLES),
            failed_phase=failed.name if failed is not None else None,
            reason=failed.reason if failed is not None else "",
            started=datetime.fromtimestamp(self._started, UTC).isoformat(timespec="seconds"),
            seconds=round(clock.monotonic() - self._began, 1),
            ready_s=round(record.ready_s, 1) if record is not None else 0.0,
            phases=tuple(self.rows.get(name) or _skipped(name) for name in TITLES),
            checks=tuple(self.checks),
            moments=self._all_moments(),
            contacts=self.machine.fabric.contacts() if self.machine is not None else (),
            commands=self.commands,
            not_emulated=(*lacking, *self.disk.notes, *self.notes),
            console=self.machine.vm.console.tail(CONSOLE_LINES) if self.machine is not None else "",
        )

    def _cause(self, error: BoatyardError) -> BoatyardError:
        """A machine that has panicked explains more than a connection that is lost."""
        try:
            if self.machine is not None:
                self.machine.vm.console.check()
        except ImageError as cause:
            return cause
        return error

    def _first_asked_s(self) -> float:
        records = list(self.machine.fabric.records) if self.machine is not None else []
        return round(records[0].at_s, 1) if records else 0.0

    def _phase_s(self) -> float:
        return round(clock.monotonic() - self._phase_began, 1)

    def _all_moments(self) -> tuple[Moment, ...]:
        now = list(moments_of(self.machine)) if self.machine is not None else []
        if self.up is not None and self.up.snapshot == "restored":
            now = [*self.up.record.moments, *now]
        return tuple(sorted((*now, *self.moments), key=lambda moment: moment.at_s))


def reason_of(failed: Sequence[TrialCheck]) -> str:
    """Why a phase failed, in a line."""
    first = failed[0]
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    again = " after a restart" if first.after_reboot else ""
    return f"{first.name}{again}: {first.found}{more}"


def _failure(name: PhaseName, record: ProvisionRecord) -> TrialCheck:
    """Why the machine did not come up, with what helps."""
    hint = "; ".join(filter(None, (advice(record.reason), record.hint)))
    return TrialCheck(
        phase=name, name=TITLES[name], outcome="failed", found=record.reason, detail=record.detail, hint=hint
    )


def _skipped(name: PhaseName) -> PhaseRow:
    return PhaseRow(name=name, outcome="skipped", seconds=0.0)
