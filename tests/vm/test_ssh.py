"""How long a guest may turn a key down."""

from __future__ import annotations

from boatyard.vm.ssh import Refusals

DENIED = "ada@127.0.0.1: Permission denied (publickey)."


def test_refusals_count_from_the_first_in_a_row() -> None:
    refusals = Refusals()
    assert refusals.heard("the connection was closed", 10.0) == 0
    assert refusals.heard(DENIED, 20.0) == 0
    assert refusals.heard(DENIED, 320.5) == 300.5


def test_any_other_answer_begins_anew() -> None:
    refusals = Refusals()
    refusals.heard(DENIED, 0.0)
    assert refusals.heard("Connection refused", 100.0) == 0
    assert refusals.heard(DENIED, 400.0) == 0
    assert refusals.heard(DENIED, 401.0) == 1
