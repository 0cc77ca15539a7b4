"""Where a VM may go: names, addresses and networks with ports, names that led to addresses, and how it is told no."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.answers import Answers, packet, udp
from tests.cloud.wire import CABLE, GUEST, GUEST_MAC, ROUTER_MAC, read_segment

from boatyard.base.error import ConfigError
from boatyard.cloud.dns import Answer, build_answer, parse_answer, parse_question, without_lifetime
from boatyard.cloud.egress import CLOUD_ONLY, OPEN, Egress, egress
from boatyard.cloud.middlebox import MAX_FLOWS, Middlebox
from boatyard.cloud.packet import (
    ACK,
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    RST,
    SYN,
    TYPE_IPV4,
    Datagram,
    Frame,
    Segment,
    UdpMessage,
    build_frame,
    build_ipv4,
    build_tcp,
    build_udp,
    checksum,
    parse_frame,
    parse_ipv4,
    parse_udp,
)
from boatyard.cloud.resolver import MAX_ADDRESSES, SHORTEST_S, Resolver
from boatyard.trial.scenario import Checks

if TYPE_CHECKING:
    from collections.abc import Sequence

DNS = "168.63.129.16"
WEB = IPv4Address("192.0.2.10")


def coded(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def query(name: str, kind: int = 1) -> bytes:
    return b"\0\7\1\0\0\1\0\0\0\0\0\0" + coded(name) + kind.to_bytes(2) + b"\0\1"


def record(owner: bytes, kind: int, data: bytes, valid_s: int = 5) -> bytes:
    return owner + kind.to_bytes(2) + b"\0\1" + valid_s.to_bytes(4) + len(data).to_bytes(2) + data


def answered(name: str, *records: bytes, flags: int = 0x8180) -> bytes:
    head = b"\0\7" + flags.to_bytes(2) + b"\0\1" + len(records).to_bytes(2) + bytes(4)
    return head + coded(name) + b"\0\1\0\1" + b"".join(records)


def box_of(policy: Egress, fabric: Answers | None = None) -> Middlebox:
    cable = replace(CABLE, egress=policy, host="devvm01", domain="abc.internal.cloudapp.net")
    return Middlebox(cable, fabric or Answers(), b"")


def syn(target: str, port: int) -> bytes:
    return packet(target, PROTOCOL_TCP, build_tcp(Segment(9, port, 1, 0, SYN, 10)))


def hear(box: Middlebox, answer: bytes, now: float = 0.0) -> None:
    data = build_ipv4(Datagram(CABLE.resolver, GUEST, PROTOCOL_UDP, build_udp(UdpMessage(53, 68, answer))))
    assert box.from_network(build_frame(Frame(GUEST_MAC, ROUTER_MAC, TYPE_IPV4, data)), now).to_guest


def packet_of(frame: bytes) -> Datagram:
    outer = parse_frame(frame)
    assert outer is not None
    inner = parse_ipv4(outer.payload)
    assert inner is not None
    return inner


def lookup(box: Middlebox, name: str, kind: int = 1) -> bytes | None:
    """The answer of the box itself, None when the question was passed on."""
    out = box.from_guest(udp(DNS, 53, query(name, kind)), 0.0)
    if out.to_network:
        return None
    message = parse_udp(packet_of(out.to_guest[0]).payload)
    assert message is not None
    assert packet_of(out.to_guest[0]).source == IPv4Address(DNS)
    return message.payload


@pytest.mark.parametrize(
    ("place", "passing", "stopped"),
    [
        ("192.0.2.10", [("192.0.2.10", 443), ("192.0.2.10", 22)], [("192.0.2.11", 443)]),
        ("192.0.2.10:443", [("192.0.2.10", 443)], [("192.0.2.10", 80)]),
        ("192.0.2.0/28:80", [("192.0.2.15", 80)], [("192.0.2.16", 80), ("192.0.2.15", 81)]),
        ("www.example.org", [("203.0.113.5", 443)], [("203.0.113.6", 443)]),
        ("*.example.org:443", [("203.0.113.5", 443)], [("203.0.113.5", 80)]),
        ("*.example.com", [], [("203.0.113.5", 443)]),
    ],
)
def test_a_list_allows_its_places_alone(
    place: str, passing: Sequence[tuple[str, int]], stopped: Sequence[tuple[str, int]]
) -> None:
    box = box_of(egress("list", [place]))
    hear(box, answered("www.example.org", record(b"\xc0\x0c", 1, IPv4Address("203.0.113.5").packed)))
    for target, port in passing:
        assert box.from_guest(syn(target, port), 0.0).to_network == [syn(target, port)]
    for target, port in stopped:
        out = box.from_guest(syn(target, port), 0.0)
        assert not out.to_network
        no = read_segment(out.to_guest[0])
        assert (no.flags, no.source_port, packet_of(out.to_guest[0]).source) == (RST | ACK, port, IPv4Address(target))


@pytest.mark.parametrize(
    "text", ["192.0.2.300", "192.0.2.0/33", "192.0.2.1/24", "a b", "x:0", "x:70000", "x:y", "x:+8", "x:1_0", ":80", ""]
)
def test_what_is_no_place_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        egress("list", [text])
    with pytest.raises(ValueError, match="place"):
        Checks(egress=(text,))


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_place_is_one_or_an_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert len(egress("list", [text]).allow) == 1


def test_the_names_of_aliases_lead_to_the_name_that_was_asked_for() -> None:
    fabric = Answers()
    box = box_of(egress("list", ["mirror.example.org"]), fabric)
    cdn = coded("edge.cdn.example.net")
    hear(
        box,
        answered(
            "Mirror.Example.org",
            record(b"\xc0\x0c", 5, cdn),
            record(cdn, 1, WEB.packed),
            record(coded("other.example.net"), 1, IPv4Address("192.0.2.66").packed),  # of nobody's asking
        ),
    )
    assert box.from_guest(syn(str(WEB), 443), 1.0).to_network
    assert not box.from_guest(syn("192.0.2.66", 443), 1.0).to_network
    assert fabric.seen == ["tcp 192.0.2.10:443 mirror.example.org", "tcp 192.0.2.66:443 (stopped)"]


def test_an_address_is_forgotten_in_time_but_a_connection_goes_on() -> None:
    box = box_of(egress("list", ["www.example.org"]))
    hear(box, answered("www.example.org", record(b"\xc0\x0c", 1, WEB.packed)))
    assert box.from_guest(syn(str(WEB), 443), SHORTEST_S - 1).to_network
    assert not box.from_guest(syn(str(WEB), 443), SHORTEST_S + 1).to_network
    going_on = packet(str(WEB), PROTOCOL_TCP, build_tcp(Segment(9, 443, 2, 1, ACK, 10, b"x")))
    assert box.from_guest(going_on, SHORTEST_S + 1).to_network == [going_on]


def test_answers_are_valid_for_this_once() -> None:
    extended = b"\0\0\x29\x10\0\0\0\x80\0\0\0"  # whose flags are where others have their lifetime
    cdn = coded("edge.cdn.example.net")
    answer = answered("a.b", record(b"\xc0\x0c", 5, cdn), record(cdn, 1, WEB.packed, 9999)) + extended
    once = answered("a.b", record(b"\xc0\x0c", 5, cdn, 0), record(cdn, 1, WEB.packed, 0)) + extended
    assert without_lifetime(answer) == once
    data = build_ipv4(Datagram(CABLE.resolver, GUEST, PROTOCOL_UDP, build_udp(UdpMessage(53, 68, answer))))
    (told,) = box_of(OPEN).from_network(build_frame(Frame(GUEST_MAC, ROUTER_MAC, TYPE_IPV4, data)), 0.0).to_guest
    message = parse_udp(packet_of(told).payload)
    assert message is not None
    assert message.payload == once


def test_names_that_are_not_listed_do_not_exist_and_are_told() -> None:
    fabric = Answers()
    box = box_of(egress("list", ["*.example.org:443"]), fabric)
    assert lookup(box, "www.example.org") is None
    for name in ("example.com", "example.com", "4.0.1.10.in-addr.arpa"):
        answer = lookup(box, name)
        assert answer is not None
        assert answer[3] & 15 == 3
        assert answer[:2] == b"\0\7"
    assert fabric.seen == ["dns example.com example.com (stopped)"]
    assert lookup(box_of(OPEN), "example.com") is None
    assert lookup(box_of(CLOUD_ONLY), "example.com") is not None
    assert lookup(box_of(egress("list", ["192.0.2.0/24"])), "example.com") is None


def test_the_cloud_knows_the_vms_own_name() -> None:
    box = box_of(OPEN)
    answer = lookup(box, "devvm01.abc.internal.cloudapp.net")
    assert answer is not None
    assert parse_answer(answer) == Answer("devvm01.abc.internal.cloudapp.net", ((GUEST, 60),))
    for name, kind, code in (("devvm01", 28, 0), ("example.org", 1, 3)):
        other = lookup(box, f"{name}.abc.internal.cloudapp.net", kind)
        assert other is not None
        assert (other[3] & 15, other[7]) == (code, 0)


def test_without_egress_nothing_leaves() -> None:
    box = box_of(CLOUD_ONLY)
    for data in (
        syn("192.0.2.1", 443),
        udp("192.0.2.1", 123),
        packet("192.0.2.1", PROTOCOL_ICMP, b"\x08\0ping"),
        packet("192.0.2.1", 47, b"gre"),
        udp(DNS, 53, b"no query"),
        packet(DNS, PROTOCOL_TCP, build_tcp(Segment(9, 53, 1, 0, SYN, 10))),
    ):
        assert not box.from_guest(data, 0.0).to_network


def test_refused_datagrams_are_told_by_icmp() -> None:
    box = box_of(CLOUD_ONLY)
    asked = udp("192.0.2.1", 123, b"what time is it")
    told = packet_of(box.from_guest(asked, 0.0).to_guest[0])
    assert (told.source, told.target, told.protocol) == (CABLE.gateway, GUEST, PROTOCOL_ICMP)
    assert told.payload[:2] == bytes((3, 13))
    assert checksum(told.payload) == 0
    assert told.payload[8:] == asked[14 : 14 + 28]
    for silent in ("224.0.0.251", "255.255.255.255", "10.1.0.255"):  # and no place
        assert not box.from_guest(udp(silent, 5353), 0.0).to_guest


def test_fragments_need_an_open_policy() -> None:
    data = bytearray(packet("192.0.2.10", PROTOCOL_UDP, build_udp(UdpMessage(9, 443, b"x"))))
    data[20:22], data[24:26] = b"\x20\0", b"\0\0"
    data[24:26] = checksum(bytes(data[14:34])).to_bytes(2)
    assert box_of(OPEN).from_guest(bytes(data), 0.0).to_network
    assert not box_of(egress("list", ["192.0.2.10"])).from_guest(bytes(data), 0.0).to_network


def test_ports_of_the_host_do_not_depend_on_the_policy() -> None:
    box = Middlebox(replace(CABLE, egress=CLOUD_ONLY, host_ports=frozenset({8080})), Answers(), b"")
    assert box.from_guest(syn("10.1.0.1", 8080), 0.0).to_network
    assert not box.from_guest(syn("10.1.0.1", 8081), 0.0).to_network


def test_what_is_remembered_is_bounded() -> None:
    fabric = Answers()
    box = box_of(CLOUD_ONLY, fabric)
    for number in range(MAX_FLOWS * 2):
        lookup(box, f"x{number}.example.org")
    assert len(fabric.seen) == MAX_FLOWS
    resolver = Resolver("vm", "d", GUEST, OPEN, lambda *_: None)
    for number in range(MAX_ADDRESSES // 100 + 5):
        many = [record(b"\xc0\x0c", 1, (0x0B000000 + number * 100 + n).to_bytes(4)) for n in range(100)]
        resolver.hear(answered(f"n{number}.example.org", *many), 0.0)
    assert len(resolver._names) == MAX_ADDRESSES
    for number in range(100):
        resolver.hear(answered(f"n{number}.example.org", record(b"\xc0\x0c", 1, WEB.packed)), 0.0)
    assert resolver.names_of(WEB, 0.0)[0] == "n99.example.org"
    assert len(resolver.names_of(WEB, 0.0)) == 16


def test_a_label_with_a_dot_is_not_two() -> None:
    trick = b"\0\7\1\0\0\1\0\0\0\0\0\0" + b"\x10evil.example.org" + b"\0\0\1\0\1"
    question = parse_question(trick)
    assert question is not None
    assert question.name == "evil?example?org"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        query("a.b")[:-3],
        query("a.b")[:12] + b"\xc0\x0c\0\1\0\1",  # a name that points to itself
        query("a.b")[:12] + b"\xc0\x20\0\1\0\1",
        query("a.b")[:4] + b"\0\2" + query("a.b")[6:],
        answered("a.b"),
        query("a.b")[:12] + b"\x3f" * 200,
        query(".".join(["a" * 60] * 5)),
    ],
)
def test_what_is_no_question(data: bytes) -> None:
    assert parse_question(data) is None


def test_a_refusal_names_no_address() -> None:
    assert parse_answer(answered("a.b", record(b"\xc0\x0c", 1, WEB.packed), flags=0x8183)) is None
    question = parse_question(query("a.b"))
    assert question is not None
    assert parse_answer(build_answer(question, WEB, exists=False)) is None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda rest: answered("a.b")[:12] + rest)))
def test_any_bytes_are_survived(data: bytes) -> None:
    box = box_of(egress("list", ["a.b"]))
    box.from_guest(udp(DNS, 53, data), 0.0)
    hear(box, data)
    hear(box, answered("a.b", data))
    parse_answer(data)
    assert len(without_lifetime(data)) == len(data)
