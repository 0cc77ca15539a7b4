"""What a command that does work needs: its ports, a log of the run, and an end that leaves nothing running."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from boatyard.flow.ports import Ports
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import JsonSink, PlainSink, Reporter, console
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = 1000  # deeper than steps are ever nested


@contextmanager
def session(log_dir: Path, *, quiet: bool = False, verbose: bool = False) -> Iterator[Ports]:
    """Ports for a command; progress goes to stderr and, as JSON lines, to `run.jsonl` in the folder of logs.

    `quiet`: no progress on stderr; `verbose`: a line for every step, not only for the outer ones.
    """
    run, fetch, log = HostRunner(), Fetcher(), JsonSink(log_dir / "run.jsonl")
    try:
        told = [PlainSink(sys.stderr, depth=ALL)] if verbose else [] if quiet else [console(sys.stderr)]
        yield Ports(run, fetch, Reporter(*told, log))
    finally:
        run.close()
        fetch.close()
        log.close()
