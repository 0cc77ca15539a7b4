"""The RPM repositories that buildroots draw from besides the project's own components: a seed to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.flow.yard import Yard


@dataclass(frozen=True, slots=True)
class Repositories:
    """`folders`: one for each, with its verified metadata."""

    folders: tuple[Path, ...] = ()

    def fetch(self, packages: Sequence[RpmFile]) -> tuple[RpmFile, ...]:
        """The packages, all of them with a file on this machine."""
        return tuple(packages)


def open_repositories(yard: Yard) -> Repositories:
    """Those that `inputs.rpm-build` of the distribution names."""
    return Repositories()
