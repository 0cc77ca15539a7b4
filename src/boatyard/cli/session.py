"""What a command that does work needs: a runner, a reporter with its log, and an end that leaves nothing running."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.ports.http import Fetcher
from boatyard.ports.progress import JsonSink, Reporter, console
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Session:
    """The effects of one command."""

    run: HostRunner
    fetch: Fetcher
    reporter: Reporter


@contextmanager
def session(log_dir: Path) -> Iterator[Session]:
    """Ports for a command; progress goes to stderr and, as JSON lines, to `run.jsonl` in the folder of logs."""
    run, log = HostRunner(), JsonSink(log_dir / "run.jsonl")
    try:
        yield Session(run, Fetcher(), Reporter(console(sys.stderr), log))
    finally:
        run.close()
        log.close()
