"""Rules for the buildroot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_boot.size import MIB, parse_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.model.buildroot import Buildroot
    from boatyard.config.shape import Told

LEAST = 64 * MIB


def buildroot_rules(buildroot: Buildroot) -> Iterator[Told]:
    """What is wrong with `[buildroot]`."""
    for name, text in (("memory", buildroot.memory), ("disk", buildroot.disk)):
        try:
            size = parse_size(text)
        except ValueError as error:
            yield ("buildroot", name), str(error), ""
            continue
        if size < LEAST:
            yield ("buildroot", name), f"no build gets along with {text}", "give it 64 MiB at least"
