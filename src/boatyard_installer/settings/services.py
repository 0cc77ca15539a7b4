"""Units of systemd that start at boot, or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_boot.tree import find_file

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Services
    from boatyard_installer.run import Run

FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
# systemd.unit(5)
KINDS = ("service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope")


def switch_services(root: Path, services: Services, run: Run) -> None:
    """Enables and disables units as their files say; systemctl keeps links inside the root."""
    for verb, units in (("enable", services.enable), ("disable", services.disable)):
        if units:
            run("systemctl", f"--root={root}", verb, "--", *units)


def has_unit(root: Path, unit: str) -> bool:
    """Whether the root has a unit, or the template of an instance. `sshd` is sshd.service, as for systemctl."""
    name = unit if unit.rpartition(".")[2] in KINDS else f"{unit}.service"
    stem, at, rest = name.partition("@")
    template = f"{stem}@.{rest.rpartition('.')[2]}" if at else name
    return find_file(root, *(f"{folder}/{one}" for folder in FOLDERS for one in (name, template))) is not None
