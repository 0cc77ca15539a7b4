"""What happens to the machine of a trial while it is deployed to: each event at its time, from a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import TrialCheck
from boatyard.base.error import BoatyardError
from boatyard.flow.trial.rest import wait_rest
from boatyard.ports import clock
from boatyard.trial.scenario import parse_duration
from boatyard.vm.ssh import logged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.flow.cloud import CloudMachine
    from boatyard.flow.trial.rest import Rest
    from boatyard.trial.scenario import Event

GRACE_S = 5.0
RESTART = "sudo -n systemctl reboot"
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


class Events:
    """The events of a scenario as they are carried out."""

    def __init__(
        self, events: tuple[Event, ...], perform: Callable[[Event], str], told: Callable[[TrialCheck], None]
    ) -> None:
        """`perform` carries one out and gives what there is to tell of it; BoatyardError when it went wrong.

        `told` is given how it went.
        """
        self._told = told
        self._events = sorted(events, key=lambda event: parse_duration(event.after))
        self._perform = perform
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """They happen from the start of the block on; it ends when all are over, or with its first error."""
        self._thread.start()
        try:
            yield
            self._thread.join()
        finally:
            self.stop()
            self._thread.join(GRACE_S)  # one that goes on ends with the machine

    def stop(self) -> None:
        """Those that have not begun will not happen."""
        self._stop.set()

    def _run(self) -> None:
        started = clock.monotonic()
        for event in self._events:
            if self._stop.wait(max(0.0, started + parse_duration(event.after) - clock.monotonic())):
                return
            with contextlib.suppress(KeyboardInterrupt):  # what programs end with when the command is interrupted
                self._told(self._happen(event))

    def _happen(self, event: Event) -> TrialCheck:
        started, name = clock.monotonic(), f"{event.kind} after {event.after}"
        try:
            found, detail, outcome = self._perform(event), "", "passed"
        except BoatyardError as error:
            found, detail, outcome = error.problems[0].what, error.problems[0].detail, "failed"
        seconds = round(clock.monotonic() - started, 1)
        return TrialCheck(
            phase="deploy",
            name=name,
            outcome="passed" if outcome == "passed" else "failed",
            found=found,
            detail=detail,
            seconds=seconds,
        )


def perform(event: Event, machine: CloudMachine, key: Path, user: str, timeout_s: float) -> str:
    """Carries out an event on a machine, and gives what there is to tell of it; ImageError when it went wrong."""
    if event.kind == "scheduled-event":
        machine.announce(event.event, parse_duration(event.notice))
        return f"{event.event} announced, {event.notice} before"
    if event.kind == "link-flap":
        machine.flap(parse_duration(event.down))
        return f"no network for {event.down}"
    started = clock.monotonic()
    rest = restart(machine, key, user, timeout_s)
    return f"up again after {clock.monotonic() - started:.0f} s: {rest.system_state}"


def restart(machine: CloudMachine, key: Path, user: str, timeout_s: float) -> Rest:
    """Restarts the guest in an orderly way and waits until it is at rest again; ImageError when it is not in time."""
    deadline = clock.monotonic() + timeout_s
    with logged_in(machine.vm, key, user, timeout_s) as shell:
        before = shell(BOOT_ID).text.strip()
        machine.vm.console.expect_restart()
        with contextlib.suppress(BoatyardError):  # the connection ends with the system
            shell(RESTART, 60)
    return wait_rest(machine, key, user, deadline, not_boot=before)
