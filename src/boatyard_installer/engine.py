"""The stages of an installation by their interfaces, so that the program around them can be tested with others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard_installer.answers import Answers
    from boatyard_installer.medium import Medium
    from boatyard_installer.probe import Machine
    from boatyard_installer.progress import Reporter
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

MEDIUM = Path("/run/live/media")
SETTLE_S = 60


class Engine(NamedTuple):
    """What the stages are. `perform` takes the plan, programs, whom to tell, and cloud-init's user-data."""

    probe: Callable[[Run], Machine]
    read_medium: Callable[[Path], Medium]
    make_plan: Callable[[Answers, Machine, Medium, str], Plan]
    perform: Callable[[Plan, Run, Reporter, bytes], None]


def real_engine() -> Engine:
    """The stages as they are."""
    from boatyard_installer.medium import read_medium
    from boatyard_installer.perform.work import perform
    from boatyard_installer.plan import make_plan
    from boatyard_installer.probe import probe

    return Engine(probe, read_medium, make_plan, perform)


def settle(run: Run) -> None:
    """Waits until udev knows the disks that were there at the start."""
    run("udevadm", "settle", f"--timeout={SETTLE_S}", ok=(0, 1))


def bring_network_up(run: Run) -> None:
    """Starts what gets addresses (DHCP, or what the kernel command line says) and resolves names.

    An installation by answers begins before the system is up, on which these rely without saying so.
    """
    run("systemctl", "start", "sysinit.target", "systemd-networkd.service", "systemd-resolved.service")
