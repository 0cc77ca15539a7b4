"""What a command that does work needs: its ports, a log of the run, and an end that leaves nothing running."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from boatyard.flow.ports import Ports
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import JsonSink, Reporter, console
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def session(log_dir: Path) -> Iterator[Ports]:
    """Ports for a command; progress goes to stderr and, as JSON lines, to `run.jsonl` in the folder of logs."""
    run, fetch, log = HostRunner(), Fetcher(), JsonSink(log_dir / "run.jsonl")
    try:
        yield Ports(run, fetch, Reporter(console(sys.stderr), log))
    finally:
        run.close()
        fetch.close()
        log.close()
