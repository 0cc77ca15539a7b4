"""Artifacts on disk: `<artifact>.json`, read back as the same value. Records of caches are sealed with a digest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.digest import sha256_bytes
from boatyard.base.error import ToolError
from boatyard.base.nevra import Evr
from boatyard.ports.files import write_atomic

Value = TypeVar("Value")
_NO_VALUE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # not UTF-8; nested without end
_HALF = re.compile("[\ud800-\udfff]")


class Artifact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the values that are stored."""


def to_json(value: object) -> bytes:
    """Indented JSON with a final newline; paths and versions as strings, halves of surrogate pairs as U+FFFD."""
    try:
        data = msgspec.json.encode(value, enc_hook=_encode)
    except UnicodeEncodeError:  # foreign JSON can spell such a half, and UTF-8 cannot
        data = msgspec.json.encode(_without_halves(msgspec.to_builtins(value, enc_hook=_encode)))
    return msgspec.json.format(data, indent=1) + b"\n"


def save(value: object, path: Path) -> None:
    """Writes a value whole or not at all."""
    write_atomic(path, to_json(value))


def load(kind: type[Value], path: Path) -> Value:
    """The value in a file; ToolError when it is no such value."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=decodable(kind), dec_hook=_decode)
    except (*_NO_VALUE, OSError) as error:
        raise ToolError(f"{path} is not a {kind.__name__}: {error}", hint="remove it and run again") from error


def from_json(kind: type[Value], data: bytes) -> Value:
    """The value that `to_json` wrote; ToolError when it is no such value."""
    try:
        return msgspec.json.decode(data, type=decodable(kind), dec_hook=_decode)
    except _NO_VALUE as error:
        raise ToolError(f"this is not a {kind.__name__}: {error}", hint="it was written by another version") from error


class _Sealed(msgspec.Struct, frozen=True):
    """`sha256`: of the bytes that `value` is written with."""

    sha256: str
    value: msgspec.Raw


def save_sealed(value: object, path: Path) -> None:
    """Writes a record of a cache, so that `find_sealed` sees any damage to it."""
    data = to_json(value).strip()
    write_atomic(path, b'{"sha256": "%s", "value": %s}\n' % (sha256_bytes(data).encode(), data))


def find_sealed(kind: type[Value], path: Path) -> Value | None:
    """The value of a record; None when there is none, or none that can be relied on: it is to be made again."""
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=decodable(_Sealed))
        if sha256_bytes(bytes(sealed.value)) != sealed.sha256:
            return None
        return msgspec.json.decode(sealed.value, type=decodable(kind), dec_hook=_decode)
    except (*_NO_VALUE, FileNotFoundError, NotADirectoryError):
        return None


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(one) for key, one in value.items()}
    return [_without_halves(one) for one in value] if isinstance(value, list | tuple) else value


def _encode(value: object) -> object:
    if isinstance(value, Path | Evr):
        return str(value)
    raise NotImplementedError(type(value))


def _decode(kind: type[Any], value: Any) -> Any:
    if kind is Path:
        return Path(value)
    if kind is Evr:
        return Evr.parse(value)
    raise NotImplementedError(kind)
