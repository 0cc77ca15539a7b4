"""The answers of the demo's installation are answers that the installer takes, and its last line is understood."""

from __future__ import annotations

import pytest

from boatyard.flow.install_trial import SERIAL, VERDICT, WANTED, answers_for
from boatyard_installer.answers import load_answers
from boatyard_installer.layouts import layout_for

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsaXv9i8i6Ml5B4kaB2LsDSXKbl6gGcJvEJUjzKd1Rk boatyard"


def test_answers() -> None:
    answers = load_answers(answers_for(KEY), "answers.toml")
    assert (answers.disk.serial, answers.disk.wipe) == (SERIAL, True)
    assert answers.root.ssh_keys == answers.users[0].ssh_keys == (KEY,)
    assert answers.packages.install == (WANTED.package,)
    assert [volume.name for volume in layout_for(answers.layout).volumes] == ["root"]
    assert not answers.root.password_hash


@pytest.mark.parametrize(
    ("line", "ok", "reason"),
    [
        ("BOATYARD-INSTALL: OK", "OK", None),
        ("BOATYARD-INSTALL: FAILED no disk has the serial number X", None, "no disk has the serial number X"),
    ],
)
def test_verdict(line: str, ok: str | None, reason: str | None) -> None:
    found = VERDICT.search(line)
    assert found is not None
    assert (found["ok"], found["reason"]) == (ok, reason)


@pytest.mark.parametrize("line", ["BOATYARD-INSTALL: OKAY", "say BOATYARD-INSTALL: OK", "installing"])
def test_no_verdict(line: str) -> None:
    assert VERDICT.search(line) is None
