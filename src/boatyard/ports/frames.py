"""Ethernet frames between QEMU's network card and QEMU's network, through this process: a loop over four sockets.

QEMU's filter-redirector writes each frame behind its length (4 bytes, big-endian), and reads them so. QEMU waits while
a socket is full, so this side never does: what QEMU does not take is kept up to a bound, then dropped like on a wire.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.ports.socket import Stream

CHUNK = 1 << 16
LONGEST_FRAME = 1 << 16
MAX_KEPT = 4 << 20
LENGTH = 4


@dataclass(slots=True)
class Frames:
    """Frames to send on, in order."""

    to_guest: list[bytes] = field(default_factory=list)
    to_network: list[bytes] = field(default_factory=list)


class FrameHandler(Protocol):
    """Decides what becomes of frames. `now` is the monotonic clock, in seconds."""

    def from_guest(self, data: bytes, now: float) -> Frames: ...
    def from_network(self, data: bytes, now: float) -> Frames: ...
    def on_time(self, now: float) -> Frames: ...
    @property
    def deadline(self) -> float | None:
        """When `on_time` is to be called."""


@dataclass(frozen=True, slots=True)
class Tap:
    """The four sockets: frames from and to the guest, from and to the network."""

    from_guest: Stream
    to_guest: Stream
    from_network: Stream
    to_network: Stream


@contextlib.contextmanager
def relaying(tap: Tap, handler: FrameHandler) -> Iterator[None]:
    """Relays in a thread of its own for the time of the block, or until QEMU ends.

    An error in the handler ends the relay, and is raised at the end of the block, before any error that came of it.
    """
    stop = os.eventfd(0, os.EFD_CLOEXEC)
    relay = _Relay(tap, handler, stop)
    thread = threading.Thread(target=relay.run, name="frames", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.eventfd_write(stop, 1)
        thread.join()
        os.close(stop)
        if relay.error is not None:
            raise relay.error


class FrameReader:
    """Takes bytes in pieces of any size, gives frames. ValueError for a length that no frame has."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now."""
        self._rest += data
        frames, place = [], 0
        while len(self._rest) - place >= LENGTH:
            length = int.from_bytes(self._rest[place : place + LENGTH], "big")
            if length > LONGEST_FRAME:
                raise ValueError(f"a frame of {length} bytes")
            end = place + LENGTH + length
            if len(self._rest) < end:
                break
            frames.append(bytes(self._rest[place + LENGTH : end]))
            place = end
        del self._rest[:place]
        return frames


class _Relay:
    def __init__(self, tap: Tap, handler: FrameHandler, stop: int) -> None:
        self.error: BaseException | None = None
        self._handler, self._stop = handler, stop
        self._inputs = {tap.from_guest.fileno(): handler.from_guest, tap.from_network.fileno(): handler.from_network}
        self._readers = {number: FrameReader() for number in self._inputs}
        self._guest, self._network = tap.to_guest.fileno(), tap.to_network.fileno()
        self._kept = {self._guest: bytearray(), self._network: bytearray()}
        for number in (*self._inputs, *self._kept):
            os.set_blocking(number, False)

    def run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                for number in (*self._inputs, self._stop):
                    selector.register(number, selectors.EVENT_READ)
                while self._turn(selector):
                    pass
        except (ConnectionError, BrokenPipeError):
            pass  # QEMU has ended
        except BaseException as error:  # told by the thread that waits for this one
            self.error = error

    def _turn(self, selector: selectors.BaseSelector) -> bool:
        """One round; false when it was the last."""
        for number, kept in self._kept.items():
            wanted = number in selector.get_map()
            if kept and not wanted:
                selector.register(number, selectors.EVENT_WRITE)
            elif wanted and not kept:
                selector.unregister(number)
        deadline = self._handler.deadline
        left = None if deadline is None else max(0.0, deadline - clock.monotonic())
        for key, _ in selector.select(left):
            if key.fd == self._stop:
                return False
            if key.fd in self._kept:
                self._write(key.fd)
            elif not self._read(key.fd):
                return False
        deadline = self._handler.deadline
        if deadline is not None and deadline <= clock.monotonic():
            self._send(self._handler.on_time(clock.monotonic()))
        return True

    def _read(self, number: int) -> bool:
        try:
            data = os.read(number, CHUNK)
        except BlockingIOError:
            return True
        for frame in self._readers[number].feed(data):
            self._send(self._inputs[number](frame, clock.monotonic()))
        return bool(data)

    def _send(self, frames: Frames) -> None:
        for number, group in ((self._guest, frames.to_guest), (self._network, frames.to_network)):
            kept = self._kept[number]
            for frame in group:
                if len(kept) + len(frame) <= MAX_KEPT:
                    kept += len(frame).to_bytes(LENGTH, "big") + frame
            if kept:
                self._write(number)

    def _write(self, number: int) -> None:
        kept = self._kept[number]
        with contextlib.suppress(BlockingIOError):
            while kept:
                del kept[: os.write(number, kept[:CHUNK])]
