"""What is kept of a machine before it goes away: the output of its own start, and what its shells did not find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.ports.files import write_atomic
from boatyard.trial.section import Section, ask

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.vm.ssh import Shell

OUTPUT = "cloud-init-output.log"
TIMEOUT_S = 120.0
# As cloud-init writes it: what bootcmd, packages, runcmd and the owner's scripts printed.
SECTIONS = (
    Section("output", f"tail -c 2000000 /var/log/{OUTPUT}", 2 << 20),
    Section("journal", "journalctl -q -o cat --no-pager | grep -E 'not found|No such file' | tail -n 500", 256 << 10),
)


def harvest(shell: Shell, folder: Path) -> list[str]:
    """Writes cloud-init's output to a file of the folder; gives the lines of it and of the journal.

    ImageError when the guest is gone, ToolError when it takes too long.
    """
    answers = ask(shell, SECTIONS, TIMEOUT_S)
    output = answers["output"]
    if output.text:
        write_atomic(folder / OUTPUT, output.text, mode=0o600)
    return [*output.lines, *answers["journal"].lines]
