"""Looking at the processes of this machine, waiting for what happens in them, and doing something meanwhile."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@contextmanager
def meanwhile(action: object, *arguments: object) -> Iterator[None]:
    """Does something in a thread while the block runs; its error is the block's."""
    problems: list[BaseException] = []

    def work() -> None:
        try:
            action(*arguments)  # type: ignore[operator]
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not problems, problems
