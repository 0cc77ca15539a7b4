"""Budgets: what an image may cost, checked after it is made. Memory and boot time are measured by those who boot it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import CheckError
from boatyard_boot.size import format_size, parse_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.artifact.image import PackageRow
    from boatyard.config.model.native_image import Budget

CAUSES = 10


def check_budget(
    image: str, budget: Budget, *, file_size: int, installed_size: int, packages: Sequence[PackageRow]
) -> None:
    """CheckError when a file or its installed files (bytes) cost more than allowed; tells the ten biggest packages."""
    over = []
    for what, limit, size in (("file", budget.file, file_size), ("installed", budget.installed, installed_size)):
        if limit and size > parse_size(limit):
            excess = format_size(size - parse_size(limit))
            over.append(f"{what} has {format_size(size)} and may have {limit} ({excess} too much)")
    if over:
        raise CheckError(
            f"image {image} is over its budget: {'; '.join(over)}",
            detail="\n".join(biggest(packages)),
            hint="leave a package out (`exclude`, or what pulls it in), or raise the image's `budget`",
        )


def biggest(packages: Sequence[PackageRow]) -> list[str]:
    """A line for each of the ten packages that take most room, and one for the others."""
    ordered = sorted(packages, key=lambda row: (-row.size, row.name))
    lines = [f"{format_size(row.size):>9}  {row.name} {row.evr}" for row in ordered[:CAUSES]]
    others = ordered[CAUSES:]
    if others:
        lines.append(f"{format_size(sum(row.size for row in others)):>9}  {len(others)} other packages")
    return lines
