"""A fabric that answers everything alike, and what a guest sends to it, as frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from tests.cloud.wire import GUEST, GUEST_MAC, ROUTER_MAC

from boatyard.cloud.dhcp import Lease, Query
from boatyard.cloud.http import Request, Response
from boatyard.cloud.packet import (
    PROTOCOL_UDP,
    TYPE_IPV4,
    Datagram,
    Frame,
    UdpMessage,
    build_frame,
    build_ipv4,
    build_udp,
)

if TYPE_CHECKING:
    from boatyard.cloud.address import Server

HELLO = Response(200, b"hello")
LEASE = Lease(IPv4Interface("10.1.0.4/24"), IPv4Address("10.1.0.1"), "x")


@dataclass
class Answers:
    """A fabric that answers everything with one response."""

    response: Response = HELLO
    asked: list[tuple[Server, Request]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    dhcp_delay_s: float | None = 0.0

    def answer(self, server: Server, request: Request, now: float) -> Response:
        self.asked.append((server, request))
        return self.response

    def lease(self, query: Query, now: float) -> tuple[Lease, float] | None:
        return None if self.dhcp_delay_s is None else (LEASE, self.dhcp_delay_s)

    def saw(self, place: str, now: float, *, name: str = "", passed: bool = True) -> None:
        self.seen.append(" ".join(filter(None, (place, name, "" if passed else "(stopped)"))))


def packet(target: str, protocol: int, payload: bytes, source: IPv4Address = GUEST) -> bytes:
    data = build_ipv4(Datagram(source, IPv4Address(target), protocol, payload))
    return build_frame(Frame(ROUTER_MAC, GUEST_MAC, TYPE_IPV4, data))


def udp(target: str, port: int, payload: bytes = b"", source: IPv4Address = GUEST) -> bytes:
    return packet(target, PROTOCOL_UDP, build_udp(UdpMessage(68, port, payload)), source)
