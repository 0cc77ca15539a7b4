"""What is kept of a machine before it goes away: the output of its own start, and what its shells did not find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.ports.files import write_atomic
from boatyard.trial.section import Section, ask

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.trial.section import Answers
    from boatyard.vm.ssh import Shell

OUTPUT = "cloud-init-output.log"
TIMEOUT_S = 120.0
# What services print, and that systemd could not start one (SD_MESSAGE_SPAWN_FAILED); the journal has an index of both.
MATCHES = "_TRANSPORT=stdout + MESSAGE_ID=641257651c1b4ec9a8624d7a40a9e1e7"
LACKS = "grep -E 'not found|No such file|executable' | tail -n 500"
SECTIONS = (
    # As cloud-init writes it: what bootcmd, packages, runcmd and the owner's scripts printed.
    Section("output", f"tail -c 2000000 /var/log/{OUTPUT}", 2 << 20),
    Section("journal", f"journalctl -q -o cat --no-pager -n 5000 {MATCHES} | {LACKS}", 256 << 10),
)


def harvest(shell: Shell, folder: Path) -> list[str]:
    """`store` for what the guest is asked for now. ImageError when it is gone, ToolError when it takes too long."""
    return store(ask(shell, SECTIONS, TIMEOUT_S), folder)


def store(answers: Answers, folder: Path) -> list[str]:
    """Writes cloud-init's output to a file of the folder; gives the lines of it and of the journal."""
    output = answers["output"]
    if output.text:
        write_atomic(folder / OUTPUT, output.text, mode=0o600)
    return [*output.lines, *answers["journal"].lines]
