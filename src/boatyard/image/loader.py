"""GRUB's images, made by the root's own grub-mkimage in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.image.toolbox import RESULTS
from boatyard.ports.files import write_atomic
from boatyard_boot.grub import Loader, mkimage_argv

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox


def make_loader(box: Toolbox, root: Path, loader: Loader, work: Path, early: str) -> Path:
    """The file of a loader in `work`; `early`: its built-in configuration."""
    write_atomic(work / "early.cfg", early)
    argv = mkimage_argv(root, loader, early=f"{RESULTS}/early.cfg", output=f"{RESULTS}/{loader.target}")
    box.in_root(root, *argv, results=work)
    return work / loader.target
