"""Shells of this machine in the place of a guest's."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.ports.run import Command
from boatyard.vm.ssh import FROM_INPUT

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner, Result

SHELLS = {"sh": ("sh", "-c"), "bash": ("bash", "-c"), "busybox": ("busybox", "sh", "-c")}
AVAILABLE = tuple(name for name, argv in SHELLS.items() if shutil.which(argv[0]))


@dataclass
class LocalShell:
    """Runs scripts in one of `SHELLS` and counts them."""

    run: HostRunner
    name: str = "sh"
    count: int = 0

    def __call__(self, script: str, timeout_s: float = 60.0) -> Result:
        self.count += 1
        argv = (*SHELLS[self.name], FROM_INPUT)
        return self.run(Command(argv=argv, input=script.encode(), ok=tuple(range(256)), timeout_s=timeout_s))
