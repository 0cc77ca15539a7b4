"""Time. Builds take their dates from inputs; only logs, journals and measurements ask the clock."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since the epoch."""
    return time.time()


def today() -> str:
    """The day in UTC: 2026-01-31."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def monotonic() -> float:
    """Seconds of a clock that never goes back; for durations and deadlines."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Waits. For polling something that offers no event."""
    time.sleep(seconds)
