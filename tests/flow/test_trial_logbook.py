"""The logbook: whatever ends a trial, its report says in which phase, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boatyard.artifact.machine import Drive
from boatyard.artifact.provision import ProvisionRecord
from boatyard.artifact.trial_report import TrialCheck, TrialImage, TrialReport
from boatyard.base.error import ImageError
from boatyard.cloud.machine import CloudVm
from boatyard.flow.trial.image import TrialDisk
from boatyard.flow.trial.logbook import Logbook
from boatyard.flow.trial.machine import Provisioned
from boatyard.flow.trial.order import Order
from boatyard.flow.trial.run import MOST_WORDS, Ear
from boatyard.ports.progress import Reporter
from boatyard.vm.qemu import Accelerator
from boatyard.vm.ssh import SshKey

if TYPE_CHECKING:
    from boatyard.base.event import Event

DISK = TrialDisk(
    Drive(path=Path("disk.raw")), TrialImage(path="disk.raw", format="raw", sha256="0"), notes=("A note.",)
)
NOBODY: Any = None  # no machine is asked in these tests


@pytest.fixture
def book() -> Logbook:
    order = Order(vm=CloudVm(name="raft"), disk=DISK.drive)
    return Logbook(name="first", order=order, disk=DISK, accelerator=Accelerator("tcg"))


def came_up(book: Logbook, record: ProvisionRecord, snapshot: Any = "none") -> None:
    book.arrived(Provisioned(NOBODY, SshKey(Path("key"), "ssh-ed25519 x"), record, snapshot))


def check(name: str, outcome: Any = "passed", **more: Any) -> TrialCheck:
    return TrialCheck(phase="check", name=name, outcome=outcome, found="3", **more)


def phases(report: TrialReport) -> list[tuple[str, str, float]]:
    return [(row.name, row.outcome, row.seconds) for row in report.phases]


def test_a_trial_has_passed_when_every_phase_has_come_to_its_end(book: Logbook) -> None:
    book.skip("static", "off")
    came_up(book, ProvisionRecord(boot_s=20, ready_s=50, settled_s=60))
    book.skip("deploy", "nothing to deploy")
    assert not book.report().passed
    with book.phase("check"):
        book.mark(check("ports"))
    report = book.report()
    assert (report.passed, report.failed_phase, report.exit_code, report.ready_s) == (True, None, 0, 50)
    assert phases(report)[1:3] == [("boot", "passed", 20.0), ("provision", "passed", 40.0)]
    assert report.not_emulated[-1] == "A note."
    assert [moment.lane for moment in report.moments] == ["check"]


def test_phases_of_a_snapshot_are_told_as_such(book: Logbook) -> None:
    came_up(book, ProvisionRecord(boot_s=20, ready_s=50, settled_s=60), "restored")
    assert [row.from_snapshot for row in book.report().phases] == [False, True, True, False, False]


def test_a_machine_that_failed_in_its_boot_was_never_provisioned(book: Logbook) -> None:
    came_up(book, ProvisionRecord(failed="boot", reason="the machine panicked", detail="words"))
    report = book.report()
    assert (report.failed_phase, report.reason, report.exit_code) == ("boot", "the machine panicked", 30)
    assert [row[1] for row in phases(report)] == ["skipped", "failed", "skipped", "skipped", "skipped"]
    assert [(one.phase, one.outcome, one.detail) for one in report.checks] == [("boot", "failed", "words")]


def test_failed_checks_fail_their_phase_and_the_first_is_its_reason(book: Logbook) -> None:
    with book.phase("check"):
        book.mark(check("ports"))
        book.mark(check("disk", "unknown"))
        book.mark(check("units", "failed", after_reboot=True))
        book.mark(check("memory", "failed"))
    assert book.report().reason == "units after a restart: 3, and 1 more"


def test_a_lost_machine_fails_the_phase_and_goes_no_further(book: Logbook) -> None:
    with book.phase("deploy"):
        raise ImageError("the connection to the machine is lost", hint="look at the console")
    report = book.report()
    assert (report.exit_code, report.reason) == (50, "the connection to the machine is lost; look at the console")


def test_an_interrupt_is_the_failure_of_the_phase_that_went_on(book: Logbook) -> None:
    with pytest.raises(KeyboardInterrupt), book.phase("deploy"):
        raise KeyboardInterrupt
    book.give_up(KeyboardInterrupt())
    report = book.report()
    assert (report.passed, report.failed_phase, report.reason) == (False, "deploy", "interrupted")


def test_a_flood_of_output_is_kept_and_shown_now_and_then() -> None:
    words: list[str] = []
    seen: list[Event] = []
    ear = Ear(words, Reporter(seen.append))
    for number in range(MOST_WORDS + 100):
        ear(f"\x1b[1m{number}")
    assert words == [f"\x1b[1m{number}" for number in range(MOST_WORDS)]
    assert 1 <= len(seen) < MOST_WORDS / 10
    assert "\x1b" not in seen[0].text
