"""The box in the VM's network cable: it is the fabric's servers for the guest, and what may pass it passes.

Frames in, frames out; no input or output of its own. The servers are connections of its own small TCP, so nothing
listens anywhere: no other program of the host, and no other VM, can reach them.

What may pass: address resolution, and IPv4 of the guest's own address to places outside of this host, as far as the
policy for egress allows them. Loopback, link-local and multicast addresses never pass: QEMU would open connections to
them from the host, whose own metadata service could be there. Nor do addresses of the subnet, all of which QEMU makes
the host's loopback, but for ports of the gateway that were allowed.

What is stopped is refused at once, with a TCP reset or an ICMP message. Azure's rules drop it in silence, so that
programs there wait for minutes before they fail in the same way.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Protocol

from boatyard.cloud import dhcp
from boatyard.cloud.address import GATEWAY_MAC, IMDS, SERVERS, WIRESERVER, Server
from boatyard.cloud.conversation import Conversation
from boatyard.cloud.egress import OPEN, Egress
from boatyard.cloud.packet import (
    ACK,
    BROADCAST,
    BROADCAST_MAC,
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    RST,
    SYN,
    TYPE_ARP,
    TYPE_IPV4,
    Datagram,
    Frame,
    Segment,
    UdpMessage,
    build_frame,
    build_ipv4,
    build_tcp,
    build_udp,
    build_unreachable,
    parse_frame,
    parse_ipv4,
    parse_tcp,
    parse_udp,
)
from boatyard.cloud.resolver import Resolver
from boatyard.cloud.tcp import Connection, Peers, refusal
from boatyard.ports.frames import Frames

if TYPE_CHECKING:
    from boatyard.cloud.dhcp import Lease, Query
    from boatyard.cloud.http import Request, Response

MAX_CONNECTIONS = 32
MAX_DELAYED = 32
DNS_PORT = 53
MAX_FLOWS = 1000
FIRST_MULTICAST = int(IPv4Address("224.0.0.0"))  # no host's address from there on
NOWHERE = IPv4Address("0.0.0.0")  # noqa: S104 (a guest without an address yet)


class Fabric(Protocol):
    """Who decides what is answered, and is told what else passes."""

    def answer(self, server: Server, request: Request, now: float) -> Response: ...

    def lease(self, query: Query, now: float) -> tuple[Lease, float] | None:
        """The lease to offer or grant and after how many seconds, or None for silence."""

    def saw(self, place: str, now: float, *, name: str = "", passed: bool = True) -> None:
        """The guest went to a place for the first time, such as `tcp 192.0.2.1:443`, led there by a name or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """The network as it is laid. `resolver`: QEMU's name server; `host_ports`: TCP ports of the host's loopback.

    `host`, `domain`: the VM's name and its network's one.
    """

    mac: bytes
    network: IPv4Network
    address: IPv4Address
    gateway: IPv4Address
    resolver: IPv4Address
    host_ports: frozenset[int] = frozenset()
    egress: Egress = OPEN
    host: str = "vm"
    domain: str = "internal.cloudapp.net"


@dataclass(frozen=True, slots=True)
class _Talk:
    """A connection, what is said over it, and the (empty) frame that opened it."""

    connection: Connection
    conversation: Conversation
    opener: Frame


class Middlebox:
    """Handles the frames of one VM; `seed` makes its TCP numbers unguessable."""

    def __init__(self, cable: Cable, fabric: Fabric, seed: bytes) -> None:
        self._cable, self._fabric, self._seed = cable, fabric, seed
        self._talks: OrderedDict[Peers, _Talk] = OrderedDict()
        self._later: list[tuple[float, bytes]] = []  # frames to the guest
        self._flows: set[str] = set()
        self._resolver = Resolver(cable.host, cable.domain, cable.address, cable.egress, self._tell_name)

    def from_guest(self, data: bytes, now: float) -> Frames:
        """What a frame that the guest sent leads to."""
        frame = parse_frame(data)
        if frame is None or frame.source != self._cable.mac:
            return Frames()
        if frame.kind == TYPE_ARP:
            return Frames(to_network=[data])
        datagram = parse_ipv4(frame.payload) if frame.kind == TYPE_IPV4 else None
        if datagram is None or datagram.source not in (self._cable.address, NOWHERE):
            return Frames()
        if datagram.target in (WIRESERVER, IMDS):
            return self._to_fabric(frame, datagram, now)
        message = _udp(datagram)
        if message is not None and message.target_port == dhcp.SERVER_PORT:
            return self._answer_dhcp(message, now)
        if not self._may_pass(datagram, now):
            return Frames(to_guest=self._refuse(frame, datagram))
        return Frames(to_network=[data])

    def from_network(self, data: bytes, now: float) -> Frames:
        """What a frame that QEMU's network sent leads to."""
        frame = parse_frame(data)
        if frame is None:
            return Frames()
        if frame.kind == TYPE_ARP:
            return Frames(to_guest=[data])
        datagram = parse_ipv4(frame.payload) if frame.kind == TYPE_IPV4 else None
        if datagram is None or datagram.source in (WIRESERVER, IMDS):
            return Frames()
        if datagram.source == self._cable.resolver:  # the guest knows it by another address
            message = _udp(datagram)
            if message is not None and message.source_port == DNS_PORT:
                answer = replace(message, payload=self._resolver.hear(message.payload, now))
                datagram = replace(datagram, payload=build_udp(answer))
            datagram = replace(datagram, source=WIRESERVER)
            return Frames(to_guest=[build_frame(replace(frame, payload=build_ipv4(datagram)))])
        return Frames(to_guest=[data])

    def on_time(self, now: float) -> Frames:
        """What is due."""
        out = Frames()
        due = [frame for at, frame in self._later if at <= now]
        self._later = [(at, frame) for at, frame in self._later if at > now]
        out.to_guest += due
        for peers, talk in list(self._talks.items()):
            out.to_guest += self._send(peers, talk, talk.conversation.go_on(now), now)
        return out

    @property
    def deadline(self) -> float | None:
        """When `on_time` is to be called next."""
        times: list[float | None] = [at for at, _ in self._later]
        times += [talk.conversation.deadline for talk in self._talks.values()]
        return min((time for time in times if time is not None), default=None)

    def _may_pass(self, datagram: Datagram, now: float) -> bool:
        target, cable = datagram.target, self._cable
        # QEMU connects to the address it is told, from the host: these would be the host's own.
        if int(target) >= FIRST_MULTICAST or target == cable.network.broadcast_address:
            return False  # for neighbours, of which there are none: no place to go to
        if target.is_loopback or target.is_link_local or int(target) >> 24 == 0:
            return self._tell(datagram, passed=False, now=now)
        if target == cable.gateway:
            return self._tell(datagram, passed=self._may_reach_host(datagram), now=now)
        # To QEMU every other address of its subnet is the host's loopback too, or the resolver, known by another name.
        if target in cable.network:
            return self._tell(datagram, passed=False, now=now)
        return self._tell(datagram, passed=self._may_leave(datagram, now), now=now)

    def _may_reach_host(self, datagram: Datagram) -> bool:
        """Answers to a connection that the host opened (that is how logins come in), and the allowed ports."""
        segment = _tcp(datagram)
        return segment is not None and (_goes_on(segment) or segment.target_port in self._cable.host_ports)

    def _may_leave(self, datagram: Datagram, now: float) -> bool:
        """What the policy says; a connection is judged when it is opened, so it outlives what is known of names."""
        part = _udp(datagram) or _tcp(datagram)
        if isinstance(part, Segment) and _goes_on(part):
            return True
        names = self._resolver.names_of(datagram.target, now)
        if part is None and datagram.protocol in (PROTOCOL_TCP, PROTOCOL_UDP):  # a fragment, of which no port is known
            return self._cable.egress.policy == "open"
        return self._cable.egress.passes(datagram.target, 0 if part is None else part.target_port, names)

    def _tell(self, datagram: Datagram, *, passed: bool, now: float) -> bool:
        """Tells of a target that was not seen before; gives `passed` back."""
        part = _udp(datagram) or _tcp(datagram)
        if isinstance(part, Segment) and _goes_on(part):
            return passed
        if part is not None:
            place = f"{'tcp' if isinstance(part, Segment) else 'udp'} {datagram.target}:{part.target_port}"
        elif datagram.protocol == PROTOCOL_ICMP:
            place = f"icmp {datagram.target}"
        else:
            return passed
        if self._is_new(place, passed=passed):
            name = next(iter(self._resolver.names_of(datagram.target, now)), "")
            self._fabric.saw(place, now, name=name, passed=passed)
        return passed

    def _tell_name(self, name: str, now: float) -> None:
        """Tells of a name that was not looked up."""
        if self._is_new(f"dns {name}", passed=False):
            self._fabric.saw(f"dns {name}", now, name=name, passed=False)

    def _is_new(self, place: str, *, passed: bool) -> bool:
        known = f"{place} {passed}"
        if known in self._flows or len(self._flows) >= MAX_FLOWS:
            return False
        self._flows.add(known)
        return True

    def _refuse(self, frame: Frame, datagram: Datagram) -> list[bytes]:
        """What tells the guest that it cannot go there; nothing to messages for many (RFC 1122, 3.2.2)."""
        many = int(datagram.target) >= FIRST_MULTICAST or datagram.target == self._cable.network.broadcast_address
        if many or datagram.source != self._cable.address:
            return []
        segment, message = _tcp(datagram), _udp(datagram)
        if segment is not None:
            no = refusal(segment)
            peers = Peers(datagram.source, segment.source_port, datagram.target, segment.target_port)
            return [] if no is None else [_reply(frame, peers, no)]
        if message is None:
            return []
        told = Datagram(self._cable.gateway, datagram.source, PROTOCOL_ICMP, build_unreachable(frame.payload))
        return [build_frame(Frame(frame.source, frame.target, TYPE_IPV4, build_ipv4(told)))]

    def _answer_dhcp(self, message: UdpMessage, now: float) -> Frames:
        query = dhcp.parse_query(message.payload)
        granted = self._fabric.lease(query, now) if query is not None and query.mac == self._cable.mac else None
        if query is None or granted is None:
            return Frames()
        lease, delay_s = granted
        payload = dhcp.build_reply(query, lease)
        if payload is None:
            return Frames()
        udp = build_udp(UdpMessage(dhcp.SERVER_PORT, dhcp.CLIENT_PORT, payload))
        packet = build_ipv4(Datagram(WIRESERVER, BROADCAST, PROTOCOL_UDP, udp))
        reply = build_frame(Frame(BROADCAST_MAC, GATEWAY_MAC, TYPE_IPV4, packet))
        if delay_s <= 0:
            return Frames(to_guest=[reply])
        self._later = [*self._later, (now + delay_s, reply)][-MAX_DELAYED:]
        return Frames()

    def _to_fabric(self, frame: Frame, datagram: Datagram, now: float) -> Frames:
        udp, segment = _udp(datagram), _tcp(datagram)
        part = udp or segment
        if part is None:
            return Frames()
        if datagram.target == WIRESERVER and part.target_port == DNS_PORT:
            return self._ask_name(frame, datagram, part, now)
        if udp is not None and udp.target_port == dhcp.SERVER_PORT:  # a renewal, which is sent to the server alone
            return self._answer_dhcp(udp, now)
        if segment is None:
            return Frames()
        return Frames(to_guest=self._segment(frame, datagram, segment, now))

    def _ask_name(self, frame: Frame, datagram: Datagram, part: UdpMessage | Segment, now: float) -> Frames:
        """A question to the name server; over TCP it cannot be judged by its name."""
        if isinstance(part, UdpMessage):
            answer = self._resolver.answer(part.payload, now)
            if answer is not None:
                udp = build_udp(UdpMessage(DNS_PORT, part.source_port, answer))
                packet = build_ipv4(Datagram(WIRESERVER, datagram.source, PROTOCOL_UDP, udp))
                back = build_frame(Frame(frame.source, frame.target, TYPE_IPV4, packet))
                return Frames(to_guest=[back] if answer else [])
        elif self._cable.egress.policy != "open":
            return Frames(to_guest=self._refuse(frame, datagram))
        moved = build_ipv4(replace(datagram, target=self._cable.resolver))
        return Frames(to_network=[build_frame(replace(frame, payload=moved))])

    def _segment(self, frame: Frame, datagram: Datagram, segment: Segment, now: float) -> list[bytes]:
        peers = Peers(datagram.source, segment.source_port, datagram.target, segment.target_port)
        talk = self._talks.get(peers)
        opens = segment.flags & (SYN | ACK) == SYN
        if talk is not None and not (opens and talk.connection.superseded(segment)):
            self._talks.move_to_end(peers)
            segments = talk.conversation.receive(segment, now)
            return self._send(peers, talk, segments, now)
        server = SERVERS.get((datagram.target, segment.target_port))
        if server is None or not opens:
            no = refusal(segment)
            return [] if no is None else [_reply(frame, peers, no)]
        talk = self._open(frame, peers, segment, server, now)
        return [_reply(frame, peers, talk.connection.greet())]

    def _open(self, frame: Frame, peers: Peers, segment: Segment, server: Server, now: float) -> _Talk:
        number = hashlib.sha256(self._seed + repr((peers, now)).encode()).digest()
        connection = Connection(peers, segment, int.from_bytes(number[:4], "big"), now)
        conversation = Conversation(connection, partial(self._fabric.answer, server))
        talk = self._talks[peers] = _Talk(connection, conversation, replace(frame, payload=b""))
        self._talks.move_to_end(peers)
        while len(self._talks) > MAX_CONNECTIONS:
            self._talks.popitem(last=False)
        return talk

    def _send(self, peers: Peers, talk: _Talk, segments: list[Segment], now: float) -> list[bytes]:
        if talk.conversation.over(now):
            self._talks.pop(peers, None)
        return [_reply(talk.opener, peers, segment) for segment in segments]


def _reply(frame: Frame, peers: Peers, segment: Segment) -> bytes:
    """The frame with a segment from where `frame` went to."""
    packet = build_ipv4(Datagram(peers.server, peers.guest, PROTOCOL_TCP, build_tcp(segment)))
    return build_frame(Frame(frame.source, frame.target, TYPE_IPV4, packet))


def _goes_on(segment: Segment) -> bool:
    """Whether it opens no connection: QEMU opens one for a SYN alone."""
    return bool(segment.flags & (ACK | RST))


def _udp(datagram: Datagram) -> UdpMessage | None:
    whole = datagram.protocol == PROTOCOL_UDP and not datagram.fragment
    return parse_udp(datagram.payload) if whole else None


def _tcp(datagram: Datagram) -> Segment | None:
    whole = datagram.protocol == PROTOCOL_TCP and not datagram.fragment
    return parse_tcp(datagram.payload) if whole else None
