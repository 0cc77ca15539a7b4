"""DHCP (RFC 2131, 3442) as Azure answers it: the one address, a route to each fabric address, the WireServer's address.

Azure sends options 121, 245 and 249 unasked, and clients rely on it: none of them lists 245 in its requests.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from boatyard.cloud.address import IMDS, WIRESERVER

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Interface

BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")
COOKIE = b"\x63\x82\x53\x63"
REQUEST, REPLY, ETHERNET, MAC_LENGTH = 1, 2, 1, 6
PAD, END = 0, 255
SHORTEST = 300  # RFC 1542: some clients drop shorter replies
FOREVER = b"\xff" * 4
SERVER_PORT, CLIENT_PORT = 67, 68


class Option(IntEnum):
    """The options that are read or sent."""

    MASK = 1
    ROUTER = 3
    NAMESERVER = 6
    DOMAIN = 15
    LEASE = 51
    KIND = 53
    SERVER = 54
    VENDOR_CLASS = 60
    ROUTES = 121
    WIRESERVER = 245
    MICROSOFT_ROUTES = 249


class Kind(IntEnum):
    """Option 53."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    ACK = 5


@dataclass(frozen=True, slots=True)
class Query:
    """A client's message. `kind` is a number, as there are others than those answered."""

    transaction: int
    mac: bytes
    kind: int
    vendor_class: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """What the one machine of a network gets; `without` are options left out to see what a guest does then."""

    address: IPv4Interface
    gateway: IPv4Address
    domain: str
    without: frozenset[int] = frozenset()


def parse_query(data: bytes) -> Query | None:
    """A client's message in a UDP payload; None when it is none. Options are read as far as they are whole."""
    if len(data) < BOOTP.size + len(COOKIE) or data[BOOTP.size : BOOTP.size + len(COOKIE)] != COOKIE:
        return None
    operation, hardware, length, _, transaction, *_ = BOOTP.unpack_from(data)
    if (operation, hardware, length) != (REQUEST, ETHERNET, MAC_LENGTH):
        return None
    options = _options(data[BOOTP.size + len(COOKIE) :])
    kind = options.get(Option.KIND, b"")
    if len(kind) != 1:
        return None
    vendor = options.get(Option.VENDOR_CLASS, b"").decode("ascii", "replace")
    return Query(transaction, data[28:34], kind[0], vendor)


def build_reply(query: Query, lease: Lease) -> bytes | None:
    """The UDP payload that offers or grants the lease; None for messages that ask for neither."""
    kinds = {Kind.DISCOVER: Kind.OFFER, Kind.REQUEST: Kind.ACK}
    kind = next((answer for asked, answer in kinds.items() if asked == query.kind), None)
    if kind is None:
        return None
    head = BOOTP.pack(
        REPLY, ETHERNET, MAC_LENGTH, 0, query.transaction, 0, 0,
        bytes(4), lease.address.ip.packed, WIRESERVER.packed, bytes(4), query.mac, b"", b"",
    )  # fmt: skip
    routes = _routes(lease.gateway)
    options = {
        Option.KIND: bytes([kind]),
        Option.SERVER: WIRESERVER.packed,
        Option.LEASE: FOREVER,
        Option.MASK: lease.address.netmask.packed,
        Option.ROUTER: lease.gateway.packed,
        Option.NAMESERVER: WIRESERVER.packed,
        Option.DOMAIN: lease.domain.encode("ascii"),
        Option.ROUTES: routes,
        Option.MICROSOFT_ROUTES: routes,
        Option.WIRESERVER: WIRESERVER.packed,
    }
    coded = b"".join(bytes([code, len(value)]) + value for code, value in options.items() if code not in lease.without)
    return (head + COOKIE + coded + bytes([END])).ljust(SHORTEST, b"\0")


def _routes(gateway: IPv4Address) -> bytes:
    """RFC 3442: with this option clients ignore option 3, so the default route is one of them."""
    hosts = b"".join(b"\x20" + host.packed + gateway.packed for host in (WIRESERVER, IMDS))
    return b"\0" + gateway.packed + hosts


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    place = 0
    while place < len(data) and data[place] != END:
        if data[place] == PAD:
            place += 1
            continue
        if place + 1 >= len(data) or place + 2 + data[place + 1] > len(data):
            break
        length = data[place + 1]
        found[data[place]] = data[place + 2 : place + 2 + length]
        place += 2 + length
    return found
