"""Where a package comes from upstream, as macros: the version and release that Fedora's spec states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.render.release import uses_autorelease
from boatyard.spec.section import sections
from boatyard.spec.tag import tags_in

if TYPE_CHECKING:
    from collections.abc import Sequence

UPSTREAM = "fedora"
_DIST_MACROS = ("%{?dist}", "%{dist}")


def provenance(lines: Sequence[str], release_ver: str) -> dict[str, str]:
    """`fedora_upstream_version` and `fedora_upstream_release` of an upstream spec, as far as its preamble states them.

    The first tag of the preamble decides. The dist macro becomes that of Fedora `release_ver`; a release that
    rpmautospec makes is left out, as is everything for a `release_ver` that is no number (rawhide).
    """
    if not release_ver.isdecimal():
        return {}
    stated: dict[str, str] = {}
    for tag in tags_in(lines, sections(lines)[0]):
        stated.setdefault(tag.name.lower(), tag.value)
    found = {"fedora_upstream_version": stated.get("version", "")}
    release = stated.get("release", "")
    if not uses_autorelease(release):
        for macro in _DIST_MACROS:
            release = release.replace(macro, f".fc{release_ver}")
        found["fedora_upstream_release"] = release
    return {name: value for name, value in found.items() if value}
