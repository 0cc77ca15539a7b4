"""Frames through the relay: over real sockets, in any pieces, and without ever waiting for a reader."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.frames import LONGEST_FRAME, MAX_KEPT, FrameReader, Frames, Tap, relaying
from boatyard.ports.socket import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator


class Crossing:
    """Sends what the guest says to the network, twice, and the other way round; tells the time once."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.told = threading.Event()

    def from_guest(self, data: bytes, now: float) -> Frames:
        if data == b"bug":
            raise ZeroDivisionError
        self.deadline = now
        return Frames(to_network=[data, data])

    def from_network(self, data: bytes, now: float) -> Frames:
        return Frames(to_guest=[data])

    def on_time(self, now: float) -> Frames:
        self.deadline = None
        self.told.set()
        return Frames()


@contextlib.contextmanager
def wired(handler: Crossing) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(4)]
        for pair in pairs:
            for end in pair:
                stack.callback(end.close)
        with relaying(Tap(*(Stream(ours) for _, ours in pairs)), handler):
            yield [theirs for theirs, _ in pairs]


def framed(*frames: bytes) -> bytes:
    return b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)


def read(end: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = end.recv(count - len(data))
        assert piece
        data += piece
    return data


def test_frames_go_where_the_handler_says() -> None:
    handler = Crossing()
    with wired(handler) as (from_guest, to_guest, from_network, to_network):
        for byte in framed(b"one", b""):
            from_guest.send(bytes([byte]))
        assert read(to_network, 22) == framed(b"one", b"one", b"", b"")
        from_network.send(framed(b"two"))
        assert read(to_guest, 7) == framed(b"two")
        assert handler.told.wait(60)


def test_who_does_not_read_stops_nobody() -> None:
    with wired(Crossing()) as (from_guest, to_guest, from_network, to_network):
        frame = framed(b"x" * 60_000)
        for _ in range(2 * MAX_KEPT // len(frame)):
            from_guest.sendall(frame)  # nobody takes what comes out of it
        from_network.send(framed(b"still there"))
        assert read(to_guest, 15) == framed(b"still there")
        assert read(to_network, len(frame)) == frame


def test_an_error_in_the_handler_is_raised() -> None:
    with pytest.raises(ZeroDivisionError), wired(Crossing()) as (from_guest, _, _, _):
        from_guest.send(framed(b"bug"))
        # The block fails for it too.
        for thread in threading.enumerate():
            if thread.name == "frames":
                thread.join(60)
        raise TimeoutError


def test_the_other_side_may_end() -> None:
    with wired(Crossing()) as ends:
        for end in ends:
            end.close()


def test_a_length_that_no_frame_has_is_refused() -> None:
    with pytest.raises(ValueError, match="frame of"):
        FrameReader().feed((LONGEST_FRAME + 1).to_bytes(4, "big"))
