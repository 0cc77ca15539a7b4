"""The medium: what it installs, and whether it is what its maker signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """What live/root.json says. `folder`: where the medium is mounted; `occupied`: bytes that the root takes in blocks
    of 4 KiB; `inodes`: files and folders in it.
    """

    folder: Path
    name: str
    version: str
    title: str
    arch: str
    kernel: str
    occupied: int
    inodes: int

    @property
    def root(self) -> Path:
        """The root to install."""
        return self.folder / "live/root.squashfs"

    @property
    def repository(self) -> Path:
        """The packages on the medium; need not be there."""
        return self.folder / "repo"
