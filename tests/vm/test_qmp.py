"""QMP as QEMU talks it: events between answers, refusals, an end in the middle."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ImageError
from boatyard.ports.socket import Stream
from boatyard.vm.qmp import MAX_MESSAGE, Qmp

if TYPE_CHECKING:
    from collections.abc import Iterator

GREETING = b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}\r\n'
OK = b'{"return": {}}\r\n'
USERNET = """Hub 0 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[HOST_FORWARD]  14       127.0.0.1 42623       10.0.2.15    22     0     0\r
"""


class Far:
    """QEMU's end of the conversation: what it says is prepared, what it was asked can be read."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def says(self, *messages: bytes) -> None:
        self.end.sendall(b"".join(messages))

    def was_asked(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.end.recv(1 << 16).splitlines()]


@pytest.fixture
def far() -> Iterator[tuple[Far, Stream]]:
    """Two ends of one connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Far(theirs), Stream(ours)


def test_commands_events_and_answers(far: tuple[Far, Stream]) -> None:
    qemu, stream = far
    qemu.says(GREETING, OK)
    qmp = Qmp(stream)
    event = b'{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1}}\r\n'
    qemu.says(event, b'{"return": {"actual": 419430400}}\r\n', event)
    assert qmp.balloon_mib() == 400
    qemu.says(OK)
    qmp.balloon(400)
    assert qmp.wait_event("RESET", 60)["data"] == {"guest": True}
    assert qmp.wait_event("RESET", 60)["event"] == "RESET"
    with pytest.raises(TimeoutError):
        qmp.wait_event("RESET", 0)
    assert qemu.was_asked() == [
        {"execute": "qmp_capabilities", "arguments": {}},
        {"execute": "query-balloon", "arguments": {}},
        {"execute": "balloon", "arguments": {"value": 419430400}},
    ]


def test_the_port_that_the_kernel_chose(far: tuple[Far, Stream]) -> None:
    qemu, stream = far
    qemu.says(GREETING, OK, json.dumps({"return": USERNET}).encode() + b"\r\n")
    assert Qmp(stream).forwarded_port() == 42623


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            b'{"error": {"class": "DeviceNotActive", "desc": "No balloon"}}\r\n',
            "QEMU refuses query-balloon: No balloon",
        ),
        (b"garbage\r\n", "talks no QMP"),
        (b"[]\r\n", "talks no QMP"),
        (b"x" * (MAX_MESSAGE // 8), "has ended"),
    ],
)
def test_what_is_no_answer(far: tuple[Far, Stream], answer: bytes, words: str) -> None:
    qemu, stream = far
    qemu.says(GREETING, OK)
    qmp = Qmp(stream)
    qemu.says(answer)
    qemu.end.shutdown(socket.SHUT_WR)
    with pytest.raises(ImageError, match=words):
        qmp.balloon_mib()
