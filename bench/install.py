"""How long an unattended installation takes, and against one by an rpm transaction: `python -m bench install`.

Run it when nothing else runs; the processor's seconds tell more than the clock's when something does.
The ISO is that of `make demo`, or of the folder of outputs that BOATYARD_BENCH_OUT names.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import transaction
from boatyard.flow.install_trial import answers_for, installed
from boatyard.ports.progress import silent
from boatyard.ports.run import HostRunner
from boatyard.vm.running import Harbour
from boatyard.vm.ssh import ephemeral_key, logged_in
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.vm.ssh import SshKey

GOAL_S = 100
REPORT = "/var/log/boatyard-install/install-report.json"


def main() -> None:
    """Prints the seconds from power-on to the installer's OK and to the login prompt, and what `transaction` does."""
    arch = Arch.of_host()
    iso = Path(os.environ.get("BOATYARD_BENCH_OUT", "build/demo/out")).absolute() / f"images/skiff-live-{arch}.iso"
    run = HostRunner()
    try:
        with tempfile.TemporaryDirectory(dir=iso.parent) as folder:
            harbour = Harbour(run, silent(), Path(folder))
            with ephemeral_key(run, harbour.scratch) as key:
                measure(iso, arch, harbour, key)
    finally:
        run.close()
    transaction.main()


def measure(iso: Path, arch: Arch, harbour: Harbour, key: SshKey) -> None:
    """Installs once and logs in to read the installer's report, with the seconds of its steps."""
    log = harbour.scratch / "console.log"
    with (
        installed(iso, answers_for(key.public), arch, harbour, log) as done,
        logged_in(done.vm, key.private) as shell,
    ):
        processor_s = transaction.processor_s(done.vm)
        seconds = json.loads(shell(f"cat {REPORT}").text)["seconds"]
        print(f"{done.vm.hypervisor.kind}: OK {done.installed_s:.0f} s after power-on, ", end="")
        print(f"login prompt of the installed system after {done.login_s:.0f} s (goal: {GOAL_S} s), ", end="")
        print(f"with {processor_s:.0f} s of processor until somebody has logged in")
        print(f"  steps: {', '.join(f'{name} {taken:.1f} s' for name, taken in seconds.items())}")


if __name__ == "__main__":
    main()
