"""Packets as they are on the wire: known bytes, checksums, and nothing that is cut short."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boatyard.cloud import dhcp
from boatyard.cloud.packet import (
    PROTOCOL_UDP,
    SYN,
    Datagram,
    Segment,
    UdpMessage,
    build_ipv4,
    build_tcp,
    build_udp,
    checksum,
    parse_frame,
    parse_ipv4,
    parse_tcp,
    parse_udp,
)

# The example of RFC 1071 as everybody computes it, and an IPv4 header with a known checksum.
HEADER = bytes.fromhex("45000073000040004011b861c0a80001c0a800c7")
LEASE = dhcp.Lease(IPv4Interface("10.1.0.4/24"), IPv4Address("10.1.0.1"), "x.internal.cloudapp.net")


def test_checksums_are_those_of_the_rfc() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert checksum(HEADER) == 0
    assert checksum(b"\x01") == 0xFEFF


def test_packets_come_back_as_they_were() -> None:
    segment = Segment(1, 80, 5, 6, SYN, 100, b"abc", mss=1400)
    assert parse_tcp(build_tcp(segment)) == segment
    message = UdpMessage(68, 67, b"payload")
    assert parse_udp(build_udp(message)) == message
    packet = Datagram(IPv4Address("10.1.0.4"), IPv4Address("192.0.2.1"), PROTOCOL_UDP, build_udp(message))
    read = parse_ipv4(build_ipv4(packet) + b"padding")
    assert read is not None
    assert (read.source, read.target, parse_udp(read.payload)) == (packet.source, packet.target, message)


def test_udp_checksum_covers_the_addresses() -> None:
    data = build_ipv4(
        Datagram(IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"), PROTOCOL_UDP, build_udp(UdpMessage(1, 2, b"xyz")))
    )
    pseudo = bytes([10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 11])
    assert checksum(pseudo + data[20:]) == 0


@pytest.mark.parametrize("change", [b"\x60", b"\x44", b"\x46", b"\x4f"])
def test_other_versions_and_wrong_headers_are_none(change: bytes) -> None:
    assert parse_ipv4(change + HEADER[1:] + bytes(95)) is None


def test_a_length_beyond_the_data_is_none() -> None:
    assert parse_ipv4(HEADER) is None
    assert parse_udp(bytes.fromhex("0044004300ff0000")) is None
    assert parse_tcp(build_tcp(Segment(1, 2, 3, 4, SYN, 5))[:19]) is None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_none(data: bytes) -> None:
    for parse in (parse_frame, parse_ipv4, parse_udp, parse_tcp, dhcp.parse_query):
        parse(data)


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_any_options_are_survived(options: bytes) -> None:
    head = build_tcp(Segment(1, 2, 3, 4, SYN, 5))
    padded = (options[:40] + bytes(40))[:40]
    parse_tcp(head[:12] + b"\xf0" + head[13:] + padded)
    dhcp.parse_query(discover()[:-1] + options)


def discover(kind: int = 1) -> bytes:
    fixed = dhcp.BOOTP.pack(
        1, 1, 6, 0, 0xCAFE, 0, 0, bytes(4), bytes(4), bytes(4), bytes(4), b"`E\xbd\x11\x22\x33", b"", b""
    )
    return fixed + dhcp.COOKIE + bytes([53, 1, kind, 60, 3]) + b"abc" + b"\xff"


def test_a_lease_is_azures() -> None:
    query = dhcp.parse_query(discover())
    assert query is not None
    assert (query.kind, query.vendor_class, query.mac.hex()) == (1, "abc", "6045bd112233")
    reply = dhcp.build_reply(query, LEASE)
    assert reply is not None
    assert len(reply) >= dhcp.SHORTEST
    assert reply[:8].hex() == "020106000000cafe"
    assert reply[16:20] == bytes([10, 1, 0, 4])
    options = reply[240:]
    routes = "000a010001" + "20a83f81100a010001" + "20a9fea9fe0a010001"
    for expected in ("350102", "3604a83f8110", "3304ffffffff", "0104ffffff00", "03040a010001", "0604a83f8110",
                     "f504a83f8110", "7917" + routes, "f917" + routes):  # fmt: skip
        assert bytes.fromhex(expected) in options


def test_options_can_be_left_out_and_other_messages_get_silence() -> None:
    query = dhcp.parse_query(discover(3))
    assert query is not None
    lease = dhcp.Lease(LEASE.address, LEASE.gateway, LEASE.domain, frozenset({121, 245}))
    reply = dhcp.build_reply(query, lease)
    assert reply is not None
    assert reply[242] == 5
    assert b"\xf5\x04" not in reply
    assert b"\x79\x17" not in reply
    released = dhcp.parse_query(discover(7))
    assert released is not None
    assert dhcp.build_reply(released, LEASE) is None
