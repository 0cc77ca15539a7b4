"""Looking at the processes of this machine, and waiting for what happens in them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60.0


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Until something is so; AssertionError when it never is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def children_named(word: str) -> list[str]:
    """The command lines of living processes that contain a word, except Python's."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        if word in line and "python" not in line:
            found.append(line)
    return found
