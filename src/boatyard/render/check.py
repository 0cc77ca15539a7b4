"""Skipping the tests of a package: an early exit from its %check section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.model.overlay import PrependLines

if TYPE_CHECKING:
    from boatyard.config.model.build import Check

SECTION = "%check"


def skip_check(check: Check) -> tuple[PrependLines, ...]:
    """The edit that ends every %check of the main package before it begins; none when tests are to be run.

    A spec without %check fails the edit: the setting would mean nothing.
    """
    if not check.skip:
        return ()
    return (PrependLines(section=SECTION, lines=(f"# Check section disabled: {check.skip_reason}", "exit 0", "")),)
