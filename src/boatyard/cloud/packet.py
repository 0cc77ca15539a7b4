"""Ethernet, IPv4, UDP and TCP (RFC 894, 791, 768, 9293): bytes to values and back. Pure; every input is hostile.

A parser gives None for what is cut short, contradicts itself, or is a fragment: fragments never carry the requests
that the fabric answers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

ETHERNET = struct.Struct("!6s6sH")
IPV4 = struct.Struct("!BBHHHBBH4s4s")
UDP = struct.Struct("!HHHH")
TCP = struct.Struct("!HHIIBBHHH")
PSEUDO = struct.Struct("!4s4sBBH")

TYPE_IPV4 = 0x0800
TYPE_ARP = 0x0806
PROTOCOL_ICMP = 1
PROTOCOL_UDP = 17
PROTOCOL_TCP = 6
CHECKSUM_AT = {PROTOCOL_TCP: 16, PROTOCOL_UDP: 6}
BROADCAST_MAC = b"\xff" * 6
BROADCAST = IPv4Address("255.255.255.255")
TTL = 64
UNREACHABLE, PROHIBITED = 3, 13  # ICMP (RFC 792, 1812): by a rule
QUOTED = 8  # bytes of the refused packet's content
OPTION_END, OPTION_NOTHING, OPTION_MSS = 0, 1, 2

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Frame:
    """An Ethernet frame without its check sequence; `kind` is the EtherType."""

    target: bytes
    source: bytes
    kind: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Datagram:
    """An IPv4 packet without options; a `fragment` is any piece of a larger one."""

    source: IPv4Address
    target: IPv4Address
    protocol: int
    payload: bytes
    fragment: bool = False


@dataclass(frozen=True, slots=True)
class UdpMessage:
    source_port: int
    target_port: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment. `mss` is that option's value, 0 without it; other options are not kept."""

    source_port: int
    target_port: int
    sequence: int
    acknowledged: int
    flags: int
    window: int
    payload: bytes = b""
    mss: int = 0


def parse_frame(data: bytes) -> Frame | None:
    """The frame in these bytes."""
    if len(data) < ETHERNET.size:
        return None
    target, source, kind = ETHERNET.unpack_from(data)
    return Frame(target, source, kind, data[ETHERNET.size :])


def build_frame(frame: Frame) -> bytes:
    return ETHERNET.pack(frame.target, frame.source, frame.kind) + frame.payload


def parse_ipv4(data: bytes) -> Datagram | None:
    """The packet in an Ethernet payload; padding after its length is cut off, the header's checksum must be right."""
    if len(data) < IPV4.size:
        return None
    first, _, length, _, offset, _, protocol, _, source, target = IPV4.unpack_from(data)
    header = (first & 15) * 4
    if first >> 4 != 4 or not IPV4.size <= header <= length <= len(data) or checksum(data[:header]):
        return None
    fragment = bool(offset & 0x3FFF)  # an offset, or more to come
    return Datagram(IPv4Address(source), IPv4Address(target), protocol, data[header:length], fragment)


def build_ipv4(datagram: Datagram) -> bytes:
    """The packet with its checksums, also the one of a UDP or TCP payload."""
    source, target = datagram.source.packed, datagram.target.packed
    payload = _with_checksum(datagram)
    head = IPV4.pack(0x45, 0, IPV4.size + len(payload), 0, 0, TTL, datagram.protocol, 0, source, target)
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + payload


def parse_udp(data: bytes) -> UdpMessage | None:
    """The message in an IPv4 payload. Its checksum is not asked for: the link is a socket of this machine."""
    if len(data) < UDP.size:
        return None
    source, target, length, _ = UDP.unpack_from(data)
    if not UDP.size <= length <= len(data):
        return None
    return UdpMessage(source, target, data[UDP.size : length])


def build_udp(message: UdpMessage) -> bytes:
    return UDP.pack(message.source_port, message.target_port, UDP.size + len(message.payload), 0) + message.payload


def parse_tcp(data: bytes) -> Segment | None:
    """The segment in an IPv4 payload; see `parse_udp` for its checksum."""
    if len(data) < TCP.size:
        return None
    source, target, sequence, acknowledged, offset, flags, window, _, _ = TCP.unpack_from(data)
    header = (offset >> 4) * 4
    if not TCP.size <= header <= len(data):
        return None
    mss = _mss(data[TCP.size : header])
    return Segment(source, target, sequence, acknowledged, flags & 0x3F, window, data[header:], mss)


def build_tcp(segment: Segment) -> bytes:
    options = struct.pack("!BBH", OPTION_MSS, 4, segment.mss) if segment.mss else b""
    offset = (TCP.size + len(options)) // 4 << 4
    head = TCP.pack(
        segment.source_port,
        segment.target_port,
        segment.sequence,
        segment.acknowledged,
        offset,
        segment.flags,
        segment.window,
        0,
        0,
    )
    return head + options + segment.payload


def build_unreachable(packet: bytes) -> bytes:
    """The ICMP message that this IPv4 packet was refused by a rule."""
    quoted = packet[: (packet[0] & 15) * 4 + QUOTED]
    message = bytes((UNREACHABLE, PROHIBITED)) + bytes(6) + quoted
    return message[:2] + checksum(message).to_bytes(2, "big") + message[4:]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): 0 over data that hold their own."""
    padded = data + b"\0" * (len(data) % 2)
    words: tuple[int, ...] = struct.unpack(f"!{len(padded) // 2}H", padded)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _with_checksum(datagram: Datagram) -> bytes:
    payload, place = datagram.payload, CHECKSUM_AT.get(datagram.protocol)
    if place is None or len(payload) < place + 2:
        return payload
    cleared = payload[:place] + b"\0\0" + payload[place + 2 :]
    pseudo = PSEUDO.pack(datagram.source.packed, datagram.target.packed, 0, datagram.protocol, len(payload))
    total = checksum(pseudo + cleared) or 0xFFFF  # 0 would mean "none" in UDP
    return cleared[:place] + total.to_bytes(2, "big") + cleared[place + 2 :]


def _mss(options: bytes) -> int:
    place = 0
    while place < len(options) and options[place] != OPTION_END:
        if options[place] == OPTION_NOTHING:
            place += 1
            continue
        length = options[place + 1] if place + 1 < len(options) else 0
        if length < 2 or place + length > len(options):
            return 0
        if options[place] == OPTION_MSS and length == 4:
            return int.from_bytes(options[place + 2 : place + 4], "big")
        place += length
    return 0
