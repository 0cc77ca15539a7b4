"""A machine at rest: cloud-init, systemd and the agent have nothing left to do. Also after a restart."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError, ToolError
from boatyard.ports import clock
from boatyard.vm.ssh import LoginError, logged_in

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.flow.cloud import CloudMachine

# WALinuxAgent uploads its first status some time after the system is up; nothing depends on it but its own check.
AGENT_WAIT_S = 180.0
RETRY_S = 2.0
AGENT_UNITS = ("walinuxagent.service", "waagent.service")
# systemd is asked first, which tells when it is done: `cloud-init status --wait` looks four times a second by starting
# systemctl, and would take the processor from what it waits for.
SETTLE = f"""\
printf 'boot %s\\n' "$(cat /proc/sys/kernel/random/boot_id)"
systemctl is-system-running --wait >/dev/null 2>&1
if command -v cloud-init >/dev/null 2>&1; then
    printf 'cloud-init %s\\n' "$(cloud-init status --wait --format json | tr -d '\\n')"
fi
printf 'system %s\\n' "$(systemctl is-system-running --wait 2>/dev/null)"
printf 'agents %s\\n' "$(systemctl is-active {" ".join(AGENT_UNITS)} 2>/dev/null | grep -c '^active')"
printf 'end .\\n'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What the system says of itself. `cloud_init`: JSON, empty without cloud-init; `has_agent`: WALinuxAgent runs."""

    boot_id: str
    cloud_init: str
    system_state: str
    has_agent: bool


def wait_rest(machine: CloudMachine, key: Path, user: str, deadline: float, *, not_boot: str = "") -> Rest:
    """Waits for it until the deadline (of `clock.monotonic`); restarts meanwhile are waited through.

    `not_boot`: the id of a boot that is to be over. ImageError when it ends, lets nobody in, or is busy for longer.
    """
    while True:
        try:
            with logged_in(machine.vm, key, user, _left(deadline)) as shell:
                lines = shell(SETTLE, _left(deadline)).text.splitlines()
                told = dict(line.split(" ", 1) for line in lines if " " in line)
        except ToolError:
            raise machine.vm.console.failure("is still busy with its start when the time for it is over") from None
        except LoginError:
            raise
        except ImageError:  # it may have restarted meanwhile
            machine.vm.console.check()
            if clock.monotonic() > deadline:
                raise
            told = {}
        if "end" in told and told.get("boot") != not_boot:
            return Rest(
                boot_id=told.get("boot", ""),
                cloud_init=told.get("cloud-init", ""),
                system_state=told.get("system", ""),
                has_agent=told.get("agents", "0") != "0",
            )
        if clock.monotonic() > deadline:
            raise machine.vm.console.failure("did not restart")
        clock.sleep(RETRY_S)


def wait_agent(machine: CloudMachine, deadline: float) -> None:
    """Waits a while for the agent's first status; that there is none is for its check to tell."""
    with contextlib.suppress(TimeoutError):
        machine.fabric.wait_for(lambda state: state.agent is not None, min(AGENT_WAIT_S, _left(deadline)))


def _left(deadline: float) -> float:
    return max(1.0, deadline - clock.monotonic())
