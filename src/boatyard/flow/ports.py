"""The effects a flow works with, handed down from the command line or a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.ports.http import Fetcher
    from boatyard.ports.progress import Reporter
    from boatyard.ports.run import HostRunner


@dataclass(frozen=True, slots=True)
class Ports:
    """Processes, downloads and progress of one command."""

    run: HostRunner
    fetch: Fetcher
    reporter: Reporter
