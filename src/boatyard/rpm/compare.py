"""How two RPMs differ, in words: what builds would notice, and what else is installed differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.rpm.interface import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.rpm.interface import Manifest

_DIGEST = re.compile(r"\b[0-9a-f]{64,128}\b")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`interface`: what builds can see of it, one sentence each; `payload`: everything. Both empty for equal packages.

    Build time, build host, signatures and compression are not compared; a release alone is no difference of interface.
    """

    interface: tuple[str, ...]
    payload: tuple[str, ...]


def compare_rpms(before: Path, after: Path) -> Comparison:
    """The differences of two RPM files; BuildError when one is damaged."""
    return compare(read_manifest(before), read_manifest(after))


def compare(before: Manifest, after: Manifest) -> Comparison:
    """The differences of two packages, sorted by what they are about."""
    return Comparison(_differences(before.seen, after.seen), _differences(before.installed, after.installed))


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return tuple(_sentence(key, before.get(key), after.get(key)) for key in keys)


def _sentence(key: str, before: str | None, after: str | None) -> str:
    subject, _, rest = key.partition(" ")
    if subject == "library":
        return _about_library(rest, before, after)
    subject = rest if subject == "file" else key
    if before is None or after is None:
        return f"{subject} is {'new' if before is None else 'gone'}"
    if key.startswith("scriptlet "):
        return f"{subject} is another one"
    return f"{subject} {_changed(before, after)}"


def _changed(before: str, after: str) -> str:
    if _DIGEST.sub("", before) == _DIGEST.sub("", after):
        return "has other content"
    also = " and other content" if _DIGEST.findall(before) != _DIGEST.findall(after) else ""
    return f"is {_DIGEST.sub('…', after)}{also}, was {_DIGEST.sub('…', before)}"


def _about_library(words: str, before: str | None, after: str | None) -> str:
    """A sentence about one line of a library: itself, what it needs, where it searches, a symbol."""
    path, _, symbol = words.partition(" ")
    if symbol in ("needs", "searches"):
        return f"{path} {symbol} {after or 'nothing'}, before {before or 'nothing'}"
    if not symbol:
        if before is None or after is None:
            return f"{path} is {'now' if before is None else 'no longer'} a library that can be linked to"
        return f"{path} is {after}, was {before}"
    if before is None:
        return f"{path} exports {symbol} ({after}), which is new"
    if after is None:
        return f"{path} no longer exports {symbol} ({before})"
    return f"{path} exports {symbol} as {after}, before as {before}"
