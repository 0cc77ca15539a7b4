"""What the coordinator, the work it coordinates and the executors agree on. Results are bytes, opaque to the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.base.error import BoatyardError
    from boatyard.ports.run import HostRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step of a node, with everything a worker needs to carry it out; to do it twice must do no harm.

    `arch`: the architecture of the worker; empty for any. `memory_mib`: what it may use; 0 when that is not known.
    """

    node: str
    step: str
    payload: bytes
    arch: str = ""
    memory_mib: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """The node needs these nodes first: edges that only showed while working. One not in the graph is added to it."""

    nodes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The node's result. `reused`: it was there already."""

    result: bytes
    reused: bool = False


class Work(Protocol):
    """Knows how nodes are made. Called by the coordinator's one thread only."""

    @property
    def function(self) -> str:
        """`package.module:name` of what runs a task on a worker: (payload: bytes, context: TaskContext) -> bytes."""
        ...

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        """What is to be done now. BoatyardError when the node cannot be made.

        `answer`: what the node's last task gave, None at first. `results`: those of all nodes that are done. After a
        task is lost it is asked again with the same answer, as the lost worker may have finished after all.
        """
        ...


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task's function is given besides its payload.

    `folder`: empty, for this task alone, removed afterwards. `run` starts programs that end when the task is
    cancelled; `cancelled` is then set, for functions that do other lengthy work. `words`: what the worker was started
    with (cluster, depot, …). `attempt` counts from 1. `memory_mib`: what it may use; 0 when that is not known.
    """

    node: str
    step: str
    attempt: int
    memory_mib: int
    folder: Path
    run: HostRunner
    cancelled: threading.Event
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Somewhere tasks can run. `slots`: tasks side by side; `memory_mib`: for all of them, 0 when not counted."""

    name: str
    arch: str
    slots: int
    memory_mib: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a task ended: with an answer, an error, or lost with its worker (`lost` says why).

    A lost task without a `worker` was never started.
    """

    node: str
    attempt: int
    worker: str = ""
    seconds: float = 0.0
    answer: bytes = b""
    error: BoatyardError | None = None
    lost: str = ""


class Executor(Protocol):
    """Carries out tasks, on this machine or on others. Called by one thread."""

    @property
    def ahead(self) -> int:
        """Tasks handed over beyond the slots, so that none is idle while the coordinator is told."""
        ...

    def workers(self) -> Sequence[Worker]:
        """The workers of this moment, in the order of their names."""
        ...

    def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
        """Starts a task soon; on none of the workers to avoid while there is another that could."""
        ...

    def poll(self, timeout_s: float) -> list[Finished]:
        """What has ended since the last call; waits for the first. Empty after the time."""
        ...

    def cancel(self, node: str) -> None:
        """Ends the node's task and all its processes; nothing more is told of it."""
        ...

    def close(self) -> None:
        """Ends all tasks and their processes."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run over a graph ended. `skipped`: the failed node that each skipped one needs, however far away.

    `reused`: the nodes that were there already; `seconds`: what the tasks of each of the others took.
    """

    results: dict[str, bytes] = field(default_factory=dict)
    failed: dict[str, BoatyardError] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
