"""Advice for machines that are not provisioned, by the words that agents and consoles use."""

import pytest

from boatyard.flow.trial.advice import advice
from boatyard.vm.serial import Trouble


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("unexpected metadata parsing ovf-env.xml: missing configuration for 'HostName'", "cd-without"),
        ("failure to obtain DHCP lease", "dhcpcd"),
        ("connection timeout querying IMDS", "[faults]"),
        ("the machine reports neither that it is ready nor that it failed within 1800 s", "cloud-init"),
        ("lets nobody log in over SSH (ada@127.0.0.1: Permission denied (publickey)., for 300 s)", "`default`"),
        ("the machine hangs: nothing after the stage firmware for the limit of 5 s", "limits.boot"),
    ],
)
def test_known_reasons_have_a_cure(reason: str, word: str) -> None:
    assert word in advice(reason)


@pytest.mark.parametrize("trouble", [one for one in Trouble if one.fatal and one is not Trouble.FREEZE])
def test_what_the_console_calls_fatal_has_a_cure(trouble: Trouble) -> None:
    assert advice(f"the machine {trouble} (stage kernel): words")


def test_of_other_reasons_nothing_is_guessed() -> None:
    assert advice("a reason nobody has met") == ""
