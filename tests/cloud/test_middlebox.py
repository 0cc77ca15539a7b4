"""The box in the cable: HTTP over its own TCP, what may pass to the network and what may not, any bytes survived."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.answers import Answers, packet, udp
from tests.cloud.test_packet import discover
from tests.cloud.wire import CABLE, GUEST, GUEST_MAC, ROUTER_MAC, GuestConnection, read_segment, segment_frame

from boatyard.cloud.address import IMDS, WIRESERVER, Server
from boatyard.cloud.http import Response
from boatyard.cloud.middlebox import MAX_CONNECTIONS, Middlebox
from boatyard.cloud.packet import (
    ACK,
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
    parse_frame,
    parse_ipv4,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GET = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


def box_of(fabric: Answers) -> Middlebox:
    return Middlebox(CABLE, fabric, b"seed")


@pytest.mark.parametrize(
    ("address", "port", "server"),
    [(WIRESERVER, 80, Server.WIRESERVER), (WIRESERVER, 32526, Server.HOSTGA), (IMDS, 80, Server.IMDS)],
)
def test_a_request_is_answered(address: IPv4Address, port: int, server: Server) -> None:
    fabric = Answers()
    guest = GuestConnection(box_of(fabric), address, port)
    guest.open()
    guest.ask(GET)
    guest.ask(GET[:5])
    guest.ask(GET[5:])
    assert [where for where, _ in fabric.asked] == [server, server]
    assert guest.received.count(b"hello") == 2
    guest.end()
    assert guest.ended


@pytest.mark.parametrize("lose", [frozenset({2}), frozenset({3, 4}), frozenset({5}), frozenset(range(3, 9))])
@pytest.mark.parametrize(("mss", "window"), [(1460, 64_000), (536, 2_000), (100, 150)])
def test_what_is_lost_is_sent_again(lose: frozenset[int], mss: int, window: int) -> None:
    body = bytes(range(256)) * 40
    guest = GuestConnection(box_of(Answers(Response(200, body))), IMDS, 80, mss=mss, window=window, lose=lose)
    guest.open()
    guest.ask(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    for now in range(1, 60):
        guest.tick(float(now))
    assert guest.received.endswith(body)
    assert guest.ended
    assert max(len(segment.payload) for segment in guest.segments) <= mss


def test_a_repeated_segment_is_not_read_twice() -> None:
    fabric = Answers()
    box = box_of(fabric)
    guest = GuestConnection(box, IMDS, 80)
    guest.open()
    repeated = segment_frame(IMDS, Segment(40_000, 80, 1001, guest._wanted, ACK, 1000, GET))
    for _ in range(3):
        box.from_guest(repeated, 0.0)
    assert len(fabric.asked) == 1


def test_a_window_that_is_shut_is_probed() -> None:
    guest = GuestConnection(box_of(Answers()), IMDS, 80, window=0)
    guest.open()
    guest.ask(GET)
    assert guest.received == b""
    guest.tick(2.0)
    assert guest.received == b"H"
    guest.window = 1000
    guest.ask(b"", 3.0)
    assert guest.received.endswith(b"hello")


def test_other_ports_are_refused_and_nothing_of_the_fabric_reaches_the_network() -> None:
    box = box_of(Answers())
    out = box.from_guest(segment_frame(IMDS, Segment(1, 443, 7, 0, SYN, 10)), 0.0)
    assert read_segment(out.to_guest[0]).flags == RST | ACK
    assert not out.to_network
    stray = box.from_guest(segment_frame(WIRESERVER, Segment(1, 80, 7, 9, ACK, 10, b"x")), 0.0)
    assert read_segment(stray.to_guest[0]).flags == RST
    assert not box.from_guest(packet("169.254.169.254", 1, b"\x08\x00ping"), 0.0).to_network


def test_bad_requests_are_told_and_the_connection_ends() -> None:
    guest = GuestConnection(box_of(Answers()), WIRESERVER, 80)
    guest.open()
    guest.ask(b"NO\r\n\r\n")
    assert guest.received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert guest.ended


def test_a_slow_server_answers_in_its_time_and_a_silent_one_never() -> None:
    box = box_of(Answers(Response(200, b"late", delay_s=5.0)))
    guest = GuestConnection(box, IMDS, 80)
    guest.open()
    guest.ask(GET, 1.0)
    assert guest.received == b""
    assert box.deadline == 6.0
    guest.tick(6.0)
    assert guest.received.endswith(b"late")
    silent = GuestConnection(box_of(Answers(Response(200, delay_s=None))), IMDS, 80)
    silent.open()
    silent.ask(GET)
    silent.end()
    silent.tick(1000.0)
    assert silent.received == b""


def test_dhcp_is_answered_by_the_fabric_alone() -> None:
    box = box_of(Answers())
    out = box.from_guest(udp("255.255.255.255", 67, discover(), IPv4Address(0)), 0.0)
    assert not out.to_network
    frame = parse_frame(out.to_guest[0])
    assert frame is not None
    reply = parse_ipv4(frame.payload)
    assert reply is not None
    assert reply.source == WIRESERVER
    renewal = box.from_guest(udp("168.63.129.16", 67, discover(3)), 0.0)
    assert len(renewal.to_guest) == 1


def test_dhcp_can_be_slow_or_silent() -> None:
    box = box_of(Answers(dhcp_delay_s=3.0))
    ask = udp("255.255.255.255", 67, discover(), IPv4Address(0))
    assert not box.from_guest(ask, 1.0).to_guest
    assert box.deadline == 4.0
    assert len(box.on_time(4.0).to_guest) == 1
    assert not box_of(Answers(dhcp_delay_s=None)).from_guest(ask, 1.0).to_guest


@pytest.mark.parametrize(
    "target",
    ["127.0.0.1", "127.8.9.1", "0.0.0.0", "169.254.1.1", "224.0.0.251", "255.255.255.255", "240.0.0.1", "10.1.0.1",
     "10.1.0.3", "10.1.0.0", "10.1.0.77", "10.1.0.255"],
)  # fmt: skip
@pytest.mark.parametrize("protocol", [PROTOCOL_TCP, PROTOCOL_UDP])
def test_no_path_leads_to_the_host(target: str, protocol: int) -> None:
    fabric = Answers()
    payload = build_udp(UdpMessage(9, 69, b"x"))
    if protocol == PROTOCOL_TCP:
        payload = build_tcp(Segment(9, 22, 1, 0, SYN, 10))
    assert not box_of(fabric).from_guest(packet(target, protocol, payload), 0.0).to_network


def test_fragments_do_not_get_around_the_rules() -> None:
    box = box_of(Answers())
    data = bytearray(packet("10.1.0.1", PROTOCOL_TCP, build_tcp(Segment(9, 22, 1, 0, SYN, 10))))
    for flags in (0x2000, 0x0001):
        struct.pack_into("!H", data, 20, flags)
        struct.pack_into("!H", data, 24, 0)
        from boatyard.cloud.packet import checksum

        struct.pack_into("!H", data, 24, checksum(bytes(data[14:34])))
        assert not box.from_guest(bytes(data), 0.0).to_network


def test_answers_to_logins_pass_but_open_nothing() -> None:
    box = box_of(Answers())
    answer = packet("10.1.0.1", PROTOCOL_TCP, build_tcp(Segment(22, 50_000, 1, 1, SYN | ACK, 10)))
    assert box.from_guest(answer, 0.0).to_network == [answer]
    # QEMU opens a connection for a SYN without ACK or RST, whatever else is set.
    for other in range(64):
        if not other & (ACK | RST):
            opening = packet("10.1.0.1", PROTOCOL_TCP, build_tcp(Segment(22, 50_000, 1, 1, SYN | other, 10)))
            assert not box.from_guest(opening, 0.0).to_network


def test_allowed_ports_of_the_host_are_reached() -> None:
    fabric = Answers()
    box = Middlebox(replace(CABLE, host_ports=frozenset({8080})), fabric, b"")
    allowed = packet("10.1.0.1", PROTOCOL_TCP, build_tcp(Segment(9, 8080, 1, 0, SYN, 10)))
    assert box.from_guest(allowed, 0.0).to_network == [allowed]
    assert fabric.seen == ["tcp 10.1.0.1:8080"]


def test_other_traffic_passes_and_is_told_once() -> None:
    fabric = Answers()
    box = box_of(fabric)
    out = packet("192.0.2.1", PROTOCOL_TCP, build_tcp(Segment(9, 443, 1, 0, SYN, 10)))
    assert box.from_guest(out, 0.0).to_network == [out]
    assert box.from_guest(out, 0.0).to_network == [out]
    assert fabric.seen == ["tcp 192.0.2.1:443"]
    arp = build_frame(Frame(b"\xff" * 6, GUEST_MAC, TYPE_ARP, bytes(28)))
    assert box.from_guest(arp, 0.0).to_network == [arp]


def test_a_guest_speaks_for_itself_only() -> None:
    box = box_of(Answers())
    forged = packet("192.0.2.1", PROTOCOL_UDP, build_udp(UdpMessage(1, 2, b"")), IPv4Address("10.1.0.9"))
    assert not box.from_guest(forged, 0.0).to_network
    frame = udp("192.0.2.1", 5)
    assert not box.from_guest(frame[:6] + b"\x02" * 6 + frame[12:], 0.0).to_network
    ipv6 = build_frame(Frame(ROUTER_MAC, GUEST_MAC, 0x86DD, bytes(60)))
    assert not box.from_guest(ipv6, 0.0).to_network


def test_names_are_asked_at_the_azure_address() -> None:
    box = box_of(Answers())
    (asked,) = box.from_guest(udp("168.63.129.16", 53, b"query"), 0.0).to_network
    frame = parse_frame(asked)
    assert frame is not None
    out = parse_ipv4(frame.payload)
    assert out is not None
    assert out.target == CABLE.resolver
    answer = Datagram(CABLE.resolver, GUEST, PROTOCOL_UDP, build_udp(UdpMessage(53, 68, b"answer")))
    data = build_frame(Frame(GUEST_MAC, ROUTER_MAC, TYPE_IPV4, build_ipv4(answer)))
    (told,) = box.from_network(data, 0.0).to_guest
    back = parse_frame(told)
    assert back is not None
    seen = parse_ipv4(back.payload)
    assert seen is not None
    assert seen.source == WIRESERVER


def test_the_network_cannot_pretend_to_be_the_fabric() -> None:
    forged = build_ipv4(Datagram(IMDS, GUEST, PROTOCOL_TCP, build_tcp(Segment(80, 9, 1, 1, ACK, 10, b"x"))))
    assert not box_of(Answers()).from_network(build_frame(Frame(GUEST_MAC, ROUTER_MAC, TYPE_IPV4, forged)), 0).to_guest


def test_many_connections_are_bounded() -> None:
    box = box_of(Answers())
    for port in range(1, 500):
        box.from_guest(segment_frame(IMDS, Segment(port, 80, port, 0, SYN, 10)), 0.0)
    assert len(box._talks) == MAX_CONNECTIONS
    box.on_time(1000.0)
    assert not box._talks


def test_who_does_not_read_is_not_answered_for_ever() -> None:
    fabric = Answers(Response(200, bytes(10_000)))
    guest = GuestConnection(box_of(fabric), IMDS, 80, window=0)
    guest.open()
    for _ in range(2000):
        guest.ask(GET)
    assert len(fabric.asked) < 100
    assert guest.box.deadline is not None


def segments() -> st.SearchStrategy[Segment]:
    near = st.one_of(st.integers(990, 1300), st.integers(0, 2**32 - 1))
    return st.builds(
        Segment, st.integers(1, 3), st.just(80), near, near, st.integers(0, 63), st.integers(0, 65535),
        st.one_of(st.binary(max_size=80), st.just(GET)), st.integers(0, 65535),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(segments(), st.floats(0, 40)), max_size=40))
def test_any_segments_are_survived(steps: list[tuple[Segment, float]]) -> None:
    box, now = box_of(Answers()), 0.0
    for segment, later in steps:
        now += later
        out = box.from_guest(segment_frame(IMDS, segment), now)
        more = box.on_time(now)
        assert not out.to_network
        assert not more.to_network
        assert len(out.to_guest) + len(more.to_guest) < 200
        assert len(box._talks) <= MAX_CONNECTIONS
        assert box.deadline is None or box.deadline > now  # or the relay would spin


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=10))
def test_any_frames_are_survived(frames: list[bytes]) -> None:
    box = box_of(Answers())
    handlers: tuple[Callable[[bytes, float], object], ...] = (box.from_guest, box.from_network)
    for data in frames:
        for handle in handlers:
            handle(data, 0.0)
            handle(ROUTER_MAC + GUEST_MAC + data, 0.0)
            handle(ROUTER_MAC + GUEST_MAC + b"\x08\x00" + data, 0.0)
