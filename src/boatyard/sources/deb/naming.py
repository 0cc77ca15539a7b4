"""Debian's names, versions and dependencies in RPM's words.

A dependency between .debs becomes one between `deb(name)` capabilities: every subpackage provides `deb(<its .deb>)` and
`deb(<what the .deb provides>)`. So no table of all packages is needed, and a name that means one thing to Debian and
another to RPM distributions (grub2-common) cannot be mistaken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from boatyard.base.nevra import Evr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard.config.model.seed import Seed

_ALTERNATIVE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?::[a-z0-9]+)?\s*"
    r"(?:\(\s*(?P<relation><<|<=|=|>=|>>)\s*(?P<version>[A-Za-z0-9.+~:-]+)\s*\))?\s*(?:\[[^\]]*\])?"
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One name of a dependency; `exactly` is the version it asks for by `=`, if it does."""

    name: str
    exactly: str = ""


def rpm_name(deb: str, seed: Seed) -> str:
    """The name of the RPM made of a .deb."""
    if deb in seed.names:
        return seed.names[deb]
    for pattern, name in seed.names.items():
        if fnmatchcase(deb, pattern):
            return name
    for suffix in seed.drop_suffixes:
        deb = deb.removesuffix(suffix)
    return deb


def rpm_evr(version: str) -> Evr:
    """`[epoch:]upstream[-revision]` as epoch, version, release; `-` has no place in an RPM version and becomes `_`."""
    epoch, _, rest = version.rpartition(":")
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, "0"
    return Evr(upstream.replace("-", "_"), revision, int(epoch or 0))


def parse_relations(field: str) -> tuple[tuple[Alternative, ...], ...]:
    """The groups of a Depends or Provides field, each with its alternatives; ValueError for what is none."""
    return tuple(_alternatives(group) for group in field.replace("\n", " ").split(",") if group.strip())


def _alternatives(group: str) -> tuple[Alternative, ...]:
    found = []
    for text in group.split("|"):
        match = _ALTERNATIVE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text.strip()[:80]!r} is no dependency")
        found.append(Alternative(match["name"], match["version"] if match["relation"] == "=" else ""))
    return tuple(found)


def requirements(field: str, dropped: Iterable[str], siblings: dict[str, Evr]) -> Iterator[str]:
    """RPM requirements for a Depends field, without the groups that name something dropped (names and globs).

    Versions are asked for only of packages of the same source (`siblings`): the others come from one locked release,
    and what matters of their version is in the symbol versions that rpm finds.
    """
    patterns = tuple(dropped)
    for group in parse_relations(field):
        if any(fnmatchcase(one.name, pattern) for one in group for pattern in patterns):
            continue
        texts = [_capability(one, siblings) for one in group]
        yield texts[0] if len(texts) == 1 else f"({' or '.join(dict.fromkeys(texts))})"


def _capability(one: Alternative, siblings: dict[str, Evr]) -> str:
    evr = siblings.get(one.name)
    if evr is not None and one.exactly and rpm_evr(one.exactly) == evr:
        return f"deb({one.name}) = {evr}"
    return f"deb({one.name})"
