"""Records of the depot on disk: a line of JSON that names the key, the objects and the seal, then the data as it is.

The seal is the SHA-256 of all the rest, so that damage, and a record that was moved to another key, are seen. With a
secret it is an HMAC: only who has the secret can have made the record.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from boatyard.base.decodable import decodable

if TYPE_CHECKING:
    from collections.abc import Collection

FORMAT = 1
NO_RECORD = (msgspec.DecodeError, UnicodeDecodeError)


class Record(NamedTuple):
    """What a key gave, and the digests of the objects that it names."""

    data: bytes
    objects: tuple[str, ...]


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    key: str
    objects: tuple[str, ...]
    keyed: bool
    seal: str


def sealed(key: str, data: bytes, objects: Collection[str], secret: bytes = b"") -> bytes:
    """A record as it is stored."""
    names = tuple(sorted(set(objects)))
    head = _Head(FORMAT, key, names, bool(secret), _seal(key, data, names, secret))
    return msgspec.json.encode(head) + b"\n" + data


def unsealed(raw: bytes | None, key: str, secret: bytes = b"") -> Record | None:
    """The record in some bytes; None for one of another key or format, a damaged one, one sealed with another secret
    or, when there is a secret, with none."""
    if raw is None:
        return None
    line, _, data = raw.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=decodable(_Head))
    except NO_RECORD:
        return None
    expected = _seal(key, data, head.objects, secret)
    if (head.format, head.key, head.keyed) != (FORMAT, key, bool(secret)):
        return None
    return Record(data, head.objects) if hmac.compare_digest(head.seal.encode(), expected.encode()) else None


def is_for_others(raw: bytes | None) -> bool:
    """Whether a record claims to be sealed with a secret: who has none cannot judge it."""
    try:
        return msgspec.json.decode((raw or b"").partition(b"\n")[0], type=decodable(_Head)).keyed
    except NO_RECORD:
        return False


def named_objects(raw: bytes) -> tuple[str, ...]:
    """What a record says it names, whether or not its seal can be judged here; nothing for no record."""
    try:
        return msgspec.json.decode(raw.partition(b"\n")[0], type=decodable(_Head)).objects
    except NO_RECORD:
        return ()


def _seal(key: str, data: bytes, objects: tuple[str, ...], secret: bytes) -> str:
    text = msgspec.json.encode([FORMAT, key, objects]) + b"\n" + data
    if secret:
        return hmac.new(secret, text, hashlib.sha256).hexdigest()
    return hashlib.sha256(text).hexdigest()
