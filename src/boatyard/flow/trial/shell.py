"""A login on the machine that a trial would have, for a person or for commands from elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError
from boatyard.flow.trial.login import Login
from boatyard.flow.trial.machine import provisioned
from boatyard.flow.trial.order import order_of
from boatyard.flow.trial.supply import supplying
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.flow.trial.order import Places
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.vm.running import Harbour
    from boatyard.vm.ssh import Ssh


@contextlib.contextmanager
def ashore(placed: PlacedScenario, places: Places, harbour: Harbour, log: Path) -> Iterator[Ssh]:
    """The machine, provisioned and supplied with its repositories, and a way in. The console is written to `log`.

    CheckError when it is not provisioned; ToolError and ImageError when it cannot be had at all.
    """
    order, disk, _ = order_of(placed, places, harbour)
    with (
        supplying(disk, order.vm, wanted=placed.scenario.repositories == "own") as supply,
        provisioned(supply.added_to(order), harbour, log, places.snapshots, fresh=places.fresh) as up,
    ):
        if (record := up.record).failed is not None:
            raise CheckError(f"the machine is not provisioned: {record.reason}", detail=record.detail)
        with Login(up.machine, up.key.private, order.vm.user) as way:
            if up.snapshot != "none" and not supply.wake(way.shell()):
                harbour.reporter.warn("the machine's clock could not be set; it is late")
            yield way.shell()


def login(ssh: Ssh, *, terminal: str = "") -> Command:
    """The command that logs in; with a terminal of that type when one is given, else it reads commands."""
    options = ("-t",) if terminal else ("-T",)
    env = {"TERM": terminal} if terminal else {}
    return Command(argv=ssh.argv("-o", "ControlMaster=no", *options), cwd=ssh.folder, env=env)
