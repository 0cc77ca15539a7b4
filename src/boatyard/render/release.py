r"""The release of a rendered spec: how far the number goes up, by the number of changes the project made.

    mode          what happens to `Release:` after n changes
    manual        nothing: the project's overlays set it
    autorelease   nothing: rpmautospec counts commits
    static        `4%{?dist}` becomes `(4 + n)%{?dist}`
    auto          as autorelease for a spec that uses %autorelease, else as static

The last Release tag of the main package decides, and all of its Release tags are rewritten.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, ConfigError
from boatyard.config.model.overlay import UpdateTag
from boatyard.spec.tag import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.component import Release

TAG = "Release"
# White space as Go reads `\s`; numbers stay below 2^63.
_AUTORELEASE = re.compile(r"%(\{[?]?autorelease(\Z|[}\t\n\f\r ])|autorelease(\Z|[\t\n\f\r ]))")
_STATIC = re.compile(r"(\d{1,18})(%\{\??dist\})?", re.ASCII)
_LEADING_INTEGER = re.compile(r"(\d{1,18})(.*)", re.ASCII | re.DOTALL)


class BumpRule(StrEnum):
    """Which static releases can go up.

    `strict`: an integer, alone or before the dist macro. `leading-integer`: azldev until May 2026, which took the
    integer that the release begins with and kept whatever follows it; the rule Azure Linux 4.0 was rendered by.
    """

    STRICT = "strict"
    LEADING_INTEGER = "leading-integer"


def uses_autorelease(release: str) -> bool:
    """Whether the value of a Release tag is the macro %autorelease, with or without options."""
    return _AUTORELEASE.search(release) is not None


def last_release(lines: Sequence[str]) -> str:
    """The value of the last Release tag of the main package; BuildError when the spec has none."""
    found = [tag.value for tag in tags(lines, "") if tag.is_named(TAG)]
    if not found or not found[-1]:
        raise BuildError(f"no such tag: {TAG}", hint='its release cannot go up; set `release.calculation = "manual"`')
    return found[-1]


def bumped(release: str, changes: int, rule: BumpRule = BumpRule.STRICT) -> str | None:
    """A static release that many changes later; None when the rule does not know how."""
    pattern = _STATIC if rule is BumpRule.STRICT else _LEADING_INTEGER
    match = pattern.fullmatch(release)
    return f"{int(match[1]) + changes}{match[2] or ''}" if match else None


def plan_release(
    lines: Sequence[str], mode: Release, changes: int, rule: BumpRule = BumpRule.STRICT
) -> UpdateTag | None:
    """The edit of a spec (overlays applied) after a number of changes; None when its release stays as it is."""
    if changes < 1 or mode.calculation in ("manual", "autorelease"):
        return None
    release = last_release(lines)
    if uses_autorelease(release):
        if mode.calculation == "auto":
            return None
        raise ConfigError(
            '`release.calculation` is "static", but the Release tag uses %autorelease',
            hint='set `release.calculation = "autorelease"`, or leave it out',
        )
    value = bumped(release, changes, rule)
    if value is None:
        raise BuildError(
            f"non-standard Release tag value {release!r} that cannot be auto-bumped",
            hint='set `release.calculation = "manual"` and, if needed, add a spec-set-tag overlay for Release'
            + ("; or use the bump rule leading-integer" if _LEADING_INTEGER.fullmatch(release) else ""),
        )
    return UpdateTag(tag=TAG, value=value)
