"""Digests and fingerprints. SHA-256 everywhere; a fingerprint is the digest of a value's canonical JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

CHUNK = 1 << 20


def sha256_bytes(data: bytes) -> str:
    """Lower-case hex of the SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Lower-case hex of the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_tree(root: Path, *, leave_out: Collection[str] = ()) -> str:
    """Digest of a folder: relative names, kinds, permission bits, link targets and contents, in byte order.

    `leave_out`: relative names that do not count.
    """
    entries: list[list[str]] = []
    for path in sorted(root.rglob("*"), key=lambda p: str(p.relative_to(root)).encode()):
        name = str(path.relative_to(root))
        if name in leave_out:
            continue
        if path.is_symlink():
            entries.append([name, "link", str(path.readlink())])
        elif path.is_dir():
            entries.append([name, "dir"])
        else:
            entries.append([name, f"{path.stat().st_mode & 0o777:o}", sha256_file(path)])
    return fingerprint(entries)


def fingerprint(value: object) -> str:
    """Digest of a value made of dataclasses, msgspec Structs, mappings, sequences, paths, enums and scalars.

    Keys are sorted, so the order of a mapping does not count; the order of a sequence does.
    """
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256_bytes(text.encode())


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return {"bytes": sha256_bytes(value)}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "__struct_fields__"):
        fields = {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
        config = getattr(value, "__struct_config__", None)
        # Members of a tagged union may have the same fields and mean different things.
        return fields if config is None or config.tag is None else fields | {str(config.tag_field): config.tag}
    raise TypeError(f"no canonical form for {type(value).__name__}")
