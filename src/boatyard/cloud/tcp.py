"""The server's side of one TCP connection (RFC 9293), as much as HTTP on a link without loss needs. No input or output.

Data out of order are dropped and asked for again; what the guest does not acknowledge is sent again, all of it; no
option but the segment size is used. What is kept for a guest is bounded by what the caller queues.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.cloud.packet import ACK, FIN, PSH, RST, SYN, Segment

if TYPE_CHECKING:
    from ipaddress import IPv4Address

MOD = 1 << 32
WINDOW = 65_535
SEGMENT_SIZE = 1460
SMALLEST_SEGMENT, DEFAULT_SEGMENT = 64, 536
RETRY_S, LONGEST_RETRY_S, RETRIES = 1.0, 16.0, 8


@dataclass(frozen=True, slots=True)
class Peers:
    """The two ends of a connection: guest, then server."""

    guest: IPv4Address
    guest_port: int
    server: IPv4Address
    server_port: int


@dataclass(slots=True)
class Received:
    """What a segment brought: answers to send, data in order, and whether the guest has said its last word."""

    segments: list[Segment] = field(default_factory=list)
    data: bytes = b""
    ended: bool = False


class Connection:
    """Begins with the guest's SYN. `over` becomes true when both sides have closed, or one has broken it off."""

    def __init__(self, peers: Peers, syn: Segment, first_sequence: int, now: float) -> None:
        self.peers = peers
        self.over = False
        self.active = now
        self._first = syn.sequence
        self._received = (syn.sequence + 1) % MOD  # the next byte that is wanted
        self._sent = self._acknowledged = first_sequence % MOD
        self._size = min(max(syn.mss or DEFAULT_SEGMENT, SMALLEST_SEGMENT), SEGMENT_SIZE)
        self._window = syn.window
        self._open = self._guest_ended = self._closing = self._fin_sent = False
        self._waiting = bytearray()  # from the first byte that is not acknowledged
        self._retry_at, self._retry_s, self._retries = now + RETRY_S, RETRY_S, 0

    def greet(self) -> Segment:
        """The answer to the SYN."""
        self._sent = (self._acknowledged + 1) % MOD
        return self._segment(SYN | ACK, self._acknowledged, mss=SEGMENT_SIZE)

    def superseded(self, syn: Segment) -> bool:
        """Whether a SYN opens a new connection between the same ends, rather than repeating this one's."""
        return syn.sequence != self._first

    def receive(self, segment: Segment, now: float) -> Received:
        """Takes a segment of this connection."""
        got = Received()
        if segment.flags & RST:
            self.over = segment.sequence == self._received or self.over  # others could be forged (RFC 5961)
            return got
        self.active = now
        if segment.flags & SYN:
            if not self._open:
                got.segments.append(self.greet())
            return got
        if not segment.flags & ACK:
            return got
        self._take_acknowledgement(segment, now)
        if self.over or not self._open:
            return got
        self._take_data(segment, got)
        got.segments += self.flush(now)
        if self._guest_ended and self._fin_sent and not self._waiting and self._acknowledged == self._sent:
            self.over = True
        return got

    def send(self, data: bytes) -> None:
        """Queues data; `flush` sends what the guest has room for."""
        self._waiting += data

    def close(self) -> None:
        """Nothing more will be queued."""
        self._closing = True

    @property
    def unread(self) -> int:
        """Bytes that are queued and not acknowledged."""
        return len(self._waiting)

    @property
    def deadline(self) -> float | None:
        """When `flush` wants to be called for something that was not acknowledged."""
        unfinished = self._acknowledged != self._sent or self._waiting or (self._closing and not self._fin_sent)
        return self._retry_at if unfinished and not self.over else None

    def flush(self, now: float) -> list[Segment]:
        """What may be sent now, or must be sent again."""
        if self.over:
            return []
        again = self._acknowledged != self._sent or (bool(self._waiting) and self._window == 0)
        if again and now >= self._retry_at:
            return self._retry(now)
        return self._send_next(now) if self._open else []

    def _take_acknowledgement(self, segment: Segment, now: float) -> None:
        done = (segment.acknowledged - self._acknowledged) % MOD
        if done > (self._sent - self._acknowledged) % MOD:
            return  # older than what is known, or not sent yet
        self._window = segment.window
        if not done:
            return
        if not self._open:
            self._open = True
            done -= 1  # the SYN's number
        del self._waiting[: min(done, len(self._waiting))]  # the FIN has a number and no byte
        self._acknowledged = segment.acknowledged
        self._retry_s, self._retries, self._retry_at = RETRY_S, 0, now + RETRY_S

    def _take_data(self, segment: Segment, got: Received) -> None:
        known = (self._received - segment.sequence) % MOD
        if known > len(segment.payload):  # a gap, or nothing new: say what is wanted
            got.segments.append(self._segment(ACK))
            return
        if self._guest_ended:
            if segment.payload or segment.flags & FIN:
                got.segments.append(self._segment(ACK))
            return
        got.data = segment.payload[known:][:WINDOW]
        self._received = (self._received + len(got.data)) % MOD
        if segment.flags & FIN and known + len(got.data) == len(segment.payload):
            self._received = (self._received + 1) % MOD
            self._guest_ended = got.ended = True
        if segment.payload or segment.flags & FIN:
            got.segments.append(self._segment(ACK))

    def _send_next(self, now: float) -> list[Segment]:
        segments: list[Segment] = []
        flying = (self._sent - self._acknowledged) % MOD
        if self._fin_sent:
            return segments
        if not flying:
            self._retry_at = now + self._retry_s
        while flying < len(self._waiting) and flying < self._window:
            size = min(self._size, self._window - flying, len(self._waiting) - flying)
            segments.append(self._data(flying, size))
            flying += size
            self._sent = (self._acknowledged + flying) % MOD
        if self._closing and flying == len(self._waiting):
            segments.append(self._segment(FIN | ACK, self._sent))
            self._sent = (self._sent + 1) % MOD
            self._fin_sent = True
        return segments

    def _retry(self, now: float) -> list[Segment]:
        self._retries += 1
        if self._retries > RETRIES:
            self.over = True
            return [self._segment(RST | ACK)]
        self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
        self._retry_at = now + self._retry_s
        if not self._open:
            return [self.greet()]
        if self._waiting and not self._window:  # ask whether there is room by now
            if self._sent == self._acknowledged:
                self._sent = (self._acknowledged + 1) % MOD
            return [self._data(0, 1)]
        self._sent, self._fin_sent = self._acknowledged, False
        return self._send_next(now)

    def _data(self, start: int, size: int) -> Segment:
        payload = bytes(self._waiting[start : start + size])
        return self._segment(ACK | PSH, (self._acknowledged + start) % MOD, payload)

    def _segment(self, flags: int, sequence: int | None = None, payload: bytes = b"", mss: int = 0) -> Segment:
        ports = (self.peers.server_port, self.peers.guest_port)
        number = self._sent if sequence is None else sequence
        return Segment(*ports, number, self._received, flags, WINDOW, payload, mss)


def refusal(segment: Segment) -> Segment | None:
    """The reset for a segment that belongs to no connection (RFC 9293, 3.10.7.1); None for a reset."""
    ports = (segment.target_port, segment.source_port)
    if segment.flags & RST:
        return None
    if segment.flags & ACK:
        return Segment(*ports, segment.acknowledged, 0, RST, 0)
    length = len(segment.payload) + bool(segment.flags & SYN) + bool(segment.flags & FIN)
    return Segment(*ports, 0, (segment.sequence + length) % MOD, RST | ACK, 0)
