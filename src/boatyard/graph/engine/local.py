"""Tasks on this machine: a thread for each, as the work itself is in child processes."""

from __future__ import annotations

import contextlib
import contextvars
import os
import platform
import queue
import threading
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError
from boatyard.graph.engine.carry import Carrier, find_function
from boatyard.graph.local import worker_count
from boatyard.graph.work import Finished, Worker
from boatyard.ports import clock
from boatyard.ports.lease import leased_dir

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from boatyard.graph.work import Task

NAME = "local"
GRACE_S = 10.0  # for threads to end once their programs were killed


class LocalExecutor:
    """`jobs` tasks side by side (one for each processor), in folders below `home`; for use in a `with` block.

    `arch`: what tasks may ask for (this machine's). `memory_mib`: for all tasks together (what the machine has); a
    task that asks for more runs alone. `words`: handed to the tasks.
    """

    ahead = 0  # a thread is started in no time

    def __init__(
        self,
        home: Path,
        *,
        jobs: int = 0,
        arch: str = "",
        memory_mib: int = 0,
        words: Mapping[str, str] | None = None,
    ) -> None:
        self._workers = (
            Worker(
                name=NAME,
                arch=arch or platform.machine(),
                slots=jobs or worker_count(),
                memory_mib=memory_mib or machine_memory_mib(),
            ),
        )
        self._words = dict(words or {})
        self._ended: queue.SimpleQueue[tuple[Carrier, Finished]] = queue.SimpleQueue()
        self._running: dict[str, Carrier] = {}
        self._threads: set[threading.Thread] = set()
        self._stack = contextlib.ExitStack()
        self._home = self._stack.enter_context(leased_dir(home))

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def workers(self) -> tuple[Worker, ...]:
        """This machine."""
        return self._workers

    def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
        """Starts a task at once."""
        del avoid  # there is no other worker
        carrier = Carrier(task, attempt)
        self._running[task.node] = carrier
        context = contextvars.copy_context()  # so that progress keeps its place
        thread = threading.Thread(
            target=context.run, args=(self._work, carrier, function), name=f"task-{task.node}", daemon=True
        )
        self._threads.add(thread)
        thread.start()

    def poll(self, timeout_s: float) -> list[Finished]:
        """What has ended; see `graph.work.Executor`."""
        found = []
        try:
            entry = self._ended.get(timeout=timeout_s) if timeout_s > 0 else self._ended.get_nowait()
            while True:
                carrier, finished = entry
                if self._running.get(finished.node) is carrier:
                    del self._running[finished.node]
                    found.append(finished)
                entry = self._ended.get_nowait()
        except queue.Empty:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            return found

    def cancel(self, node: str) -> None:
        """Kills the programs of the node's task."""
        if (carrier := self._running.pop(node, None)) is not None:
            carrier.cancel()

    def close(self) -> None:
        """Kills the programs of all tasks and waits a little for their threads."""
        for node in list(self._running):
            self.cancel(node)
        deadline = clock.monotonic() + GRACE_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - clock.monotonic()))
        self._stack.close()

    def _work(self, carrier: Carrier, function: str) -> None:
        answer, error = b"", None
        try:
            answer = carrier.carry_out(find_function(function), self._home, self._words)
        except BoatyardError as caught:
            error = caught
        self._ended.put(
            (
                carrier,
                Finished(
                    node=carrier.task.node,
                    attempt=carrier.attempt,
                    worker=NAME,
                    seconds=carrier.seconds,
                    answer=answer,
                    error=error,
                ),
            )
        )


def machine_memory_mib() -> int:
    """The memory of this machine, in MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
