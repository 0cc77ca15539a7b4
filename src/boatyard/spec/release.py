"""Release numbers: how far a spec's own number goes up with changes of the distribution."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.spec.tag import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATIC = re.compile(r"([0-9]+)(%\{\??dist\})?")
_AUTORELEASE = re.compile(r"%(\{[?]?autorelease($|[}\s])|autorelease($|\s))")


def release_of(lines: Sequence[str]) -> str | None:
    """The value of the last Release tag of the main package, which is the one that decides."""
    values = [tag.value for tag in tags(lines, "") if tag.is_named("Release")]
    return values[-1] if values else None


def is_autorelease(value: str) -> bool:
    """Whether rpmautospec makes the number: `%autorelease`, `%{autorelease -e x}`, not `%{?autorelease:1}`."""
    return _AUTORELEASE.search(value) is not None


def bumped(value: str, by: int) -> str | None:
    """A static release raised: `3%{?dist}` by 2 is `5%{?dist}`. None for every form but N, N%{dist} and N%{?dist}."""
    match = _STATIC.fullmatch(value)
    return f"{int(match[1]) + by}{match[2] or ''}" if match and len(match[1]) < 19 else None
