"""The local engine: a pool of threads over independent tasks (the work itself is in child processes or C code)."""

from __future__ import annotations

import contextvars
import os
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def worker_count() -> int:
    """Workers for work that keeps a processor busy: one for each that this process may use."""
    return max(1, len(os.sched_getaffinity(0)))


def run_all(work: Callable[[Item], Answer], items: Iterable[Item], *, workers: int | None = None) -> list[Answer]:
    """The answers in the order of the items. The first failure stops what has not started and is raised."""
    todo = list(items)
    pool = ThreadPoolExecutor(max_workers=workers or worker_count(), thread_name_prefix="work")
    try:
        futures = [pool.submit(contextvars.copy_context().run, work, item) for item in todo]
        wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((f for f in futures if f.done() and not f.cancelled() and f.exception()), None)
        if failed is not None:
            failed.result()
    except Exception:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    except BaseException:
        # An interrupt does not wait for the work: the runner ends its processes, and the threads end with them.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return [future.result() for future in futures]
