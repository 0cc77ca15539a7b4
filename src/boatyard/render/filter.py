"""Which files of a component's tree are kept beside its rendered spec: those the spec names, and `sources`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.render.expand import UNKNOWN
from boatyard.render.sources_file import NAME as SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def kept_names(spec: str, listed: Sequence[str], present: Iterable[str]) -> set[str]:
    """The entries at the top of a tree to keep; all of them when a listed name still holds an unexpanded `%{`.

    A listed path keeps the folder it begins with. UNKNOWN in a name matches any text.
    """
    names = set(present)
    if any("%{" in name for name in listed):
        return names
    wanted = {spec, SOURCES, *(name.partition("/")[0] for name in listed)}
    patterns = [re.compile(".*".join(map(re.escape, name.split(UNKNOWN)))) for name in wanted if UNKNOWN in name]
    return {name for name in names if name in wanted or any(pattern.fullmatch(name) for pattern in patterns)}
