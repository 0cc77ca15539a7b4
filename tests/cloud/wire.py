"""A guest's end of the wire, for tests: it speaks TCP to a middlebox and keeps what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from boatyard.cloud.middlebox import Cable, Middlebox
from boatyard.cloud.packet import (
    ACK,
    FIN,
    PROTOCOL_TCP,
    PSH,
    SYN,
    TYPE_IPV4,
    Datagram,
    Frame,
    Segment,
    build_frame,
    build_ipv4,
    build_tcp,
    parse_frame,
    parse_ipv4,
    parse_tcp,
)

GUEST = IPv4Address("10.1.0.4")
GUEST_MAC = bytes.fromhex("6045bd112233")
ROUTER_MAC = bytes.fromhex("525500000001")
CABLE = Cable(
    mac=GUEST_MAC,
    network=IPv4Network("10.1.0.0/24"),
    address=GUEST,
    gateway=IPv4Address("10.1.0.1"),
    resolver=IPv4Address("10.1.0.3"),
)
START = 1000


def segment_frame(target: IPv4Address, segment: Segment, source: IPv4Address = GUEST) -> bytes:
    packet = build_ipv4(Datagram(source, target, PROTOCOL_TCP, build_tcp(segment)))
    return build_frame(Frame(ROUTER_MAC, GUEST_MAC, TYPE_IPV4, packet))


def read_segment(frame: bytes) -> Segment:
    outer = parse_frame(frame)
    assert outer is not None
    packet = parse_ipv4(outer.payload)
    assert packet is not None
    segment = parse_tcp(packet.payload)
    assert segment is not None
    return segment


@dataclass
class GuestConnection:
    """A correct client. `lose` gives the numbers of the frames from the server that are lost on the way."""

    box: Middlebox
    target: IPv4Address
    port: int
    source_port: int = 40_000
    mss: int = 1460
    window: int = 64_000
    lose: frozenset[int] = frozenset()
    received: bytes = b""
    ended: bool = False
    segments: list[Segment] = field(default_factory=list)
    _next: int = START
    _wanted: int = 0
    _count: int = 0

    def open(self, now: float = 0.0) -> None:
        syn = Segment(self.source_port, self.port, START, 0, SYN, self.window, mss=self.mss)
        self._exchange(syn, now)
        assert self.segments, "no answer to the SYN"
        assert self.segments[0].flags == SYN | ACK
        self._next, self._wanted = START + 1, (self.segments[0].sequence + 1) % (1 << 32)
        self.ask(b"", now)

    def ask(self, data: bytes, now: float = 0.0, flags: int = PSH | ACK) -> None:
        segment = Segment(self.source_port, self.port, self._next, self._wanted, flags, self.window, data)
        self._next += len(data) + bool(flags & FIN)
        self._exchange(segment, now)

    def end(self, now: float = 0.0) -> None:
        self.ask(b"", now, FIN | ACK)

    def tick(self, now: float) -> None:
        self._take(self.box.on_time(now).to_guest, now)

    def _exchange(self, segment: Segment, now: float) -> None:
        out = self.box.from_guest(segment_frame(self.target, segment), now)
        assert not out.to_network
        self._take(out.to_guest, now)

    def _take(self, frames: list[bytes], now: float) -> None:
        news = False
        for frame in frames:
            self._count += 1
            if self._count in self.lose:
                continue
            segment = read_segment(frame)
            self.segments.append(segment)
            if segment.flags & SYN or segment.target_port != self.source_port:
                continue
            if segment.payload or segment.flags & FIN:
                news = True
                if segment.sequence == self._wanted:
                    self.received += segment.payload
                    self.ended |= bool(segment.flags & FIN)
                    self._wanted = (self._wanted + len(segment.payload) + bool(segment.flags & FIN)) % (1 << 32)
        if news:
            ack = Segment(self.source_port, self.port, self._next, self._wanted, ACK, self.window)
            self._exchange(ack, now)
