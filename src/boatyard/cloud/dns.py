"""DNS messages (RFC 1035): one question, its answer's addresses. Bytes to values and back; every input is hostile.

Names are in lower case without the final dot; a byte that no host name has becomes `?`, so that it matches nothing.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = struct.Struct("!HHHHHH")
QUESTION = struct.Struct("!HH")
RECORD = struct.Struct("!HHIH")
LIFETIME_AT = 4  # in it
TYPE_A, TYPE_CNAME, CLASS_IN = 1, 5, 1
RESPONSE, TRUNCATED, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x0200, 0x0100, 0x0080
OPCODE, RCODE = 0x7800, 0x000F
NO_ERROR, NO_SUCH_NAME = 0, 3
POINTER, LONGEST_LABEL, LONGEST_NAME = 0xC0, 63, 253
MAX_RECORDS = 256
FIRST_NAME = 0xC000 | HEADER.size  # a pointer to the question's name
_ODD = re.compile(r"[^a-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `raw` is the question as it was sent, with its class."""

    number: int
    name: str
    kind: int
    flags: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The addresses that a name led to, over other names or not, with the seconds that each is valid."""

    name: str
    addresses: tuple[tuple[IPv4Address, int], ...]


@dataclass(frozen=True, slots=True)
class _Record:
    """`lifetime` and `content`: where they are in the message."""

    owner: str
    kind: int
    family: int
    lifetime: slice
    content: slice


def parse_question(data: bytes) -> Question | None:
    """The question of a query; None for anything but a query with exactly one."""
    head = _head(data, response=False)
    found = _read_name(data, HEADER.size)
    if head is None or found is None or len(data) < found[1] + QUESTION.size:
        return None
    name, place = found
    kind, family = QUESTION.unpack_from(data, place)
    if family != CLASS_IN:
        return None
    return Question(head[0], name, kind, head[1], data[HEADER.size : place + QUESTION.size])


def parse_answer(data: bytes) -> Answer | None:
    """The IPv4 addresses in an answer that belong to the name that was asked for, through its aliases."""
    head = _head(data, response=True)
    found = _read_name(data, HEADER.size)
    if head is None or head[1] & RCODE or found is None:
        return None
    asked, place = found[0], found[1] + QUESTION.size
    known, addresses = {asked}, []
    for record in _records(data, place, head[2]):
        if record.owner not in known or record.family != CLASS_IN:
            continue
        alias = _read_name(data, record.content.start) if record.kind == TYPE_CNAME else None
        known |= {alias[0]} if alias is not None else set()
        content = data[record.content]
        if record.kind == TYPE_A and len(content) == 4:
            addresses.append((IPv4Address(content), int.from_bytes(data[record.lifetime], "big")))
    return Answer(asked, tuple(addresses))


def without_lifetime(data: bytes) -> bytes:
    """The same answer, valid for this once: who wants the address again asks again."""
    head = _head(data, response=True)
    found = _read_name(data, HEADER.size)
    if head is None or found is None:
        return data
    changed = bytearray(data)
    for record in _records(data, found[1] + QUESTION.size, head[2]):
        changed[record.lifetime] = bytes(4)
    return bytes(changed)


def build_answer(question: Question, address: IPv4Address | None, *, exists: bool = True, valid_s: int = 60) -> bytes:
    """An answer with that address when one was asked for, or with none; `exists`: whether the name does."""
    given = address if question.kind == TYPE_A and exists else None
    flags = RESPONSE | RECURSION_AVAILABLE | question.flags & RECURSION_DESIRED
    flags |= NO_ERROR if exists else NO_SUCH_NAME
    head = HEADER.pack(question.number, flags, 1, int(given is not None), 0, 0)
    if given is None:
        return head + question.raw
    record = FIRST_NAME.to_bytes(2, "big") + RECORD.pack(TYPE_A, CLASS_IN, valid_s, 4) + given.packed
    return head + question.raw + record


def _head(data: bytes, *, response: bool) -> tuple[int, int, int] | None:
    """Number, flags and the count of answers."""
    if len(data) < HEADER.size:
        return None
    number, flags, questions, answers, _, _ = HEADER.unpack_from(data)
    if bool(flags & RESPONSE) != response or flags & OPCODE or questions != 1:
        return None
    return number, flags, answers


def _records(data: bytes, place: int, count: int) -> Iterator[_Record]:
    """The records of an answer's first section, as far as they are whole."""
    for _ in range(min(count, MAX_RECORDS)):
        owner = _read_name(data, place)
        if owner is None or len(data) < owner[1] + RECORD.size:
            return
        kind, family, _, length = RECORD.unpack_from(data, owner[1])
        place = owner[1] + RECORD.size + length
        if len(data) < place:
            return
        lifetime = slice(owner[1] + LIFETIME_AT, owner[1] + LIFETIME_AT + 4)
        yield _Record(owner[0], kind, family, lifetime, slice(place - length, place))


def _read_name(data: bytes, place: int) -> tuple[str, int] | None:
    """A name and where the next field begins. Pointers must lead backwards, so that every name ends."""
    labels: list[str] = []
    after, limit = 0, len(data)
    while True:
        if place >= len(data):
            return None
        length = data[place]
        if length & POINTER == POINTER:
            target = int.from_bytes(data[place : place + 2], "big") & 0x3FFF
            if place + 1 >= len(data) or target >= min(place, limit):
                return None
            after = after or place + 2
            place = limit = target
            continue
        if length > LONGEST_LABEL or place + 1 + length > len(data):
            return None
        if not length:
            name = ".".join(labels)
            return (name, after or place + 1) if len(name) <= LONGEST_NAME else None
        labels.append(_ODD.sub("?", data[place + 1 : place + 1 + length].decode("latin-1").lower()))
        place += 1 + length
        if len(labels) > LONGEST_NAME:
            return None
