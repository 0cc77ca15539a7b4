"""What a VM that reports nothing asked for in vain."""

from __future__ import annotations

import pytest

from boatyard.cloud.reason import unanswered
from boatyard.cloud.record import Record


def record(channel: str, what: str, status: int = 0, note: str = "") -> Record:
    return Record(at_s=1.0, channel=channel, what=what, status=status, note=note)


DISCOVER = record("dhcp", "DISCOVER", note="ignored")
THROTTLED = record("imds", "GET /metadata/instance", 429)
ANSWERED = record("imds", "GET /metadata/instance", 200)
GOAL_STATE = record("wireserver", "GET /x", 500)
SILENT = record("imds", "GET /metadata/instance", note="never answered")

IN_VAIN = "what the guest asked for in vain"


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], "the guest has asked the cloud for nothing"),
        ([record("dhcp", "DISCOVER"), ANSWERED], ""),
        ([THROTTLED, THROTTLED, ANSWERED], ""),
        ([DISCOVER, DISCOVER], f"{IN_VAIN}: the last 2 over dhcp, DISCOVER: ignored"),
        (
            [DISCOVER, record("dhcp", "REQUEST"), THROTTLED, ANSWERED, SILENT, GOAL_STATE, GOAL_STATE],
            f"{IN_VAIN}: the last 1 over imds, {SILENT.what}: never answered; the last 2 over wireserver, GET /x: 500",
        ),
    ],
)
def test_what_was_asked_for_in_vain(records: list[Record], told: str) -> None:
    assert unanswered(records) == told
