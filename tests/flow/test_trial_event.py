"""Events of a trial: in the order of their times, each with what came of it, and none after the trial has failed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ImageError
from boatyard.flow.trial.event import Events
from boatyard.trial.scenario import Event

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import TrialCheck


def test_they_happen_in_order_and_the_block_waits_for_all() -> None:
    told: list[TrialCheck] = []
    events = (Event(kind="reboot", after="200 ms"), Event(kind="link-flap", down="5 s"))
    with Events(events, lambda event: f"done: {event.kind}", told.append).running():
        pass
    assert [(check.name, check.found, check.outcome) for check in told] == [
        ("link-flap after 0 s", "done: link-flap", "passed"),
        ("reboot after 200 ms", "done: reboot", "passed"),
    ]


def test_one_that_goes_wrong_is_a_failed_check_and_the_next_one_happens() -> None:
    def perform(event: Event) -> str:
        if event.kind == "reboot":
            raise ImageError("the machine did not restart", detail="last words")
        return "done"

    told: list[TrialCheck] = []
    with Events((Event(kind="reboot"), Event(kind="link-flap", after="1 ms")), perform, told.append).running():
        pass
    assert [(check.outcome, check.detail) for check in told] == [("failed", "last words"), ("passed", "")]


def test_a_trial_that_fails_meanwhile_ends_them() -> None:
    begun, told = threading.Event(), []

    def perform(event: Event) -> str:
        begun.set()
        return "done"

    events = Events((Event(kind="link-flap"), Event(kind="reboot", after="2 h")), perform, told.append)
    with pytest.raises(KeyboardInterrupt), events.running():
        begun.wait()
        raise KeyboardInterrupt
    assert [check.name for check in told] == ["link-flap after 0 s"]


def test_stopped_ones_are_not_waited_for() -> None:
    told: list[TrialCheck] = []
    events = Events((Event(kind="reboot", after="2 h"),), lambda _: "done", told.append)
    with events.running():
        events.stop()
    assert told == []
