"""Tasks on the workers of a Dask cluster. The only module that imports Dask, inside of functions: it is an extra.

Dask carries messages, knows which worker is alive, and counts slots, architectures and memory (its resources). What
is to be done when, and what is done again, is the coordinator's: Dask holds no task that is not ready, and retries
none. Replies come as Dask's events, which takes one message where fetching a result takes four, and a reply that came
cannot be lost with its worker. A worker belongs to the scheduler it was started for: tasks name the cluster.

Whoever reaches a Dask scheduler or worker can run code on it. They listen on this machine only, unless told otherwise.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boatyard import __version__
from boatyard.base.error import ToolError
from boatyard.graph.engine.message import Request, decode_reply, encode
from boatyard.graph.work import Finished, Worker
from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from boatyard.graph.engine.site import Site
    from boatyard.graph.work import Task

SLOT, MEMORY, ARCH = "slot", "memory", "arch-"  # resources of a worker; of an architecture it has as many as slots
CONNECT_S = 10.0
LIVE = ("running", "connecting")  # states of a client that may still hear of its tasks
PATIENCE_S = 60.0  # how long a scheduler may be too busy to answer
LOOK_S = 1.0  # how often the workers are asked for while something is waited for
ORPHAN_S = 5.0  # after this time a task whose possible workers all left is given up, and a missing reply fetched
CONFIG = {
    "logging": {"distributed": "error", "distributed.core": "critical", "bokeh": "error", "tornado": "error"},
    "distributed.worker.profile.enabled": False,  # looks at all threads a hundred times a second
    "distributed.worker.memory": {"target": False, "spill": False, "pause": False, "terminate": False},
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.comm.timeouts.connect": f"{CONNECT_S:.0f}s",
    "distributed.comm.retry.count": 0,
    "distributed.admin.low-level-log-length": 100,  # replies are events, and the scheduler keeps the last ones
}


_Place = tuple[tuple[str, ...] | None, tuple[tuple[str, int], ...]]  # addresses, and resources


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files for encrypted connections between parties that all have a certificate of one authority."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(slots=True)
class _Sent:
    """A task in flight. `allowed`: the addresses it may run at; None for all of its architecture.

    `odd_since`: since when nobody can run it, or its reply is missing although it has ended.
    """

    task: Task
    attempt: int
    allowed: frozenset[str] | None
    future: Any = field(repr=False, default=None)
    odd_since: float = 0.0


class DaskExecutor:
    """The workers of the cluster whose scheduler is at `address`; for use in a `with` block.

    `ahead`: tasks beyond the slots. More than 0 saves milliseconds between tasks, but binds a task to a busy worker
    early. ToolError when Dask is not installed, or nobody answers.
    """

    def __init__(self, address: str, *, tls: Tls | None = None, ahead: int = 0, connect_s: float = CONNECT_S) -> None:
        distributed = load_distributed()
        self.ahead, self._address = ahead, address
        self._sent: dict[str, _Sent] = {}
        self._keys: dict[str, str] = {}  # by node
        self._replies: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._topic = f"boatyard-{secrets.token_hex(16)}"
        self._unsent: dict[_Place, list[tuple[str, bytes]]] = {}
        self._workers: tuple[Worker, ...] = ()
        self._looked, self._answered = -LOOK_S, clock.monotonic()
        try:
            self._client = distributed.Client(
                address, security=security(tls), timeout=connect_s, set_as_default=False, name="boatyard"
            )
            self._client.subscribe_topic(self._topic, self._hear)
            self._cluster = str(self._identity()["id"])
        except (OSError, ValueError, TypeError) as error:
            raise ToolError(
                f"no scheduler answers at {address}",
                detail=str(error),
                hint="start one with `boatyard scheduler`; with --tls-ca on one side it is needed on all",
            ) from error

    def __enter__(self) -> DaskExecutor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def workers(self) -> Sequence[Worker]:
        """The workers that were started by `boatyard worker`, as of a second ago."""
        if clock.monotonic() - self._looked < LOOK_S:
            return self._workers
        try:
            found = self._identity()
        except ToolError:
            if clock.monotonic() - self._answered > PATIENCE_S:
                raise
            self._looked = clock.monotonic()
            return self._workers  # it may only be busy; `poll` knows when the connection is gone
        if found["id"] != self._cluster:
            raise self._gone("was replaced by another one")
        known = (_worker(address, told) for address, told in found["workers"].items())
        self._workers = tuple(sorted((worker for worker in known if worker), key=lambda worker: worker.name))
        self._looked = self._answered = clock.monotonic()
        return self._workers

    def submit(self, task: Task, function: str, attempt: int, avoid: frozenset[str]) -> None:
        """Has a task handed to Dask by the next `poll`."""
        able = [worker for worker in self._workers if task.arch in ("", worker.arch)]
        others = frozenset(worker.name for worker in able if worker.name not in avoid)
        allowed = others if avoid and others else None
        memory = min(task.memory_mib, max((worker.memory_mib for worker in able), default=0))
        resources = {SLOT: 1} | ({ARCH + task.arch: 1} if task.arch else {}) | ({MEMORY: memory} if memory else {})
        key = f"{task.step or 'task'}-{secrets.token_hex(16)}"
        request = Request(
            self._cluster, __version__, function, task.node, task.step, attempt, task.memory_mib, task.payload
        )
        self._sent[key] = _Sent(task, attempt, allowed)
        self._keys[task.node] = key
        place = (tuple(sorted(allowed)) if allowed else None, tuple(resources.items()))
        self._unsent.setdefault(place, []).append((key, encode(request)))

    def _send(self) -> None:
        """Hands over what was submitted, tasks with the same demands at once: a message of Dask is dear."""
        for (workers, resources), told in self._unsent.items():
            tasks = [(key, request) for key, request in told if key in self._sent]  # the others were cancelled
            if not tasks:
                continue
            keys, requests = [key for key, _ in tasks], [request for _, request in tasks]
            try:
                futures = self._client.map(
                    carry_out,
                    [self._topic] * len(keys),
                    keys,
                    requests,
                    key=keys,
                    workers=list(workers) if workers else None,
                    resources=dict(resources),
                    pure=False,
                    retries=0,
                )
            except Exception as error:
                if self._client.status in LIVE:
                    raise
                raise self._gone("is gone") from error
            for key, future in zip(keys, futures, strict=True):
                self._sent[key].future = future
        self._unsent.clear()

    def poll(self, timeout_s: float) -> list[Finished]:
        """What has ended; see `graph.work.Executor`."""
        self._send()
        replies: dict[str, bytes] = {}
        with contextlib.suppress(queue.Empty):
            replies |= [self._replies.get(timeout=timeout_s) if timeout_s > 0 else self._replies.get_nowait()]
            while True:
                replies |= [self._replies.get_nowait()]
        if self._client.status not in LIVE:
            raise self._gone("is gone")
        found = [self._judge(key, reply) for key, reply in replies.items() if key in self._sent]
        return found + [finished for key in list(self._sent) if (finished := self._look_at(key)) is not None]

    def cancel(self, node: str) -> None:
        """Tells the worker, through Dask, that nobody wants the node's task any more; it kills its programs."""
        key = self._keys.pop(node, "")
        sent = self._sent.pop(key, None)
        if sent is not None and sent.future is not None and self._client.status == "running":
            with contextlib.suppress(Exception):  # whatever Dask says when its scheduler is gone
                self._client.cancel([sent.future], force=True)

    def close(self) -> None:
        """Cancels all tasks and leaves the cluster, which goes on to run."""
        for node in list(self._keys):
            self.cancel(node)
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT_S)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Called in Dask's thread."""
        self._replies.put((event[1]["key"], event[1]["reply"]))

    def _forget(self, key: str) -> _Sent:
        sent = self._sent.pop(key)
        if self._keys.get(sent.task.node) == key:
            del self._keys[sent.task.node]
        return sent

    def _judge(self, key: str, reply: bytes) -> Finished:
        sent, told = self._forget(key), decode_reply(reply)
        node, attempt, worker = sent.task.node, sent.attempt, told.worker
        if told.refused:
            return Finished(node=node, attempt=attempt, worker=worker, error=ToolError(told.refused))
        if told.lost:
            return Finished(node=node, attempt=attempt, worker=worker, seconds=told.seconds, lost=told.lost)
        return Finished(
            node=node, attempt=attempt, worker=worker, seconds=told.seconds, answer=told.answer, error=told.error()
        )

    def _look_at(self, key: str) -> Finished | None:
        """How a task ended of which no reply came; None while it may still come."""
        sent = self._sent[key]
        status = sent.future.status
        if status in ("error", "cancelled", "lost"):
            return self._lost(key)
        if status == "pending" and self._is_possible(sent):
            sent.odd_since = 0.0
            return None
        if not sent.odd_since:
            sent.odd_since = clock.monotonic()
        if clock.monotonic() - sent.odd_since < ORPHAN_S:
            return None
        if status == "finished":
            return self._judge(key, self._client.gather(sent.future))
        self.cancel(sent.task.node)
        return Finished(node=sent.task.node, attempt=sent.attempt, lost="the workers for it left before it was started")

    def _is_possible(self, sent: _Sent) -> bool:
        """Whether a worker is there that can run a task."""
        return any(
            sent.task.arch in ("", worker.arch) and (sent.allowed is None or worker.name in sent.allowed)
            for worker in self._workers
        )

    def _lost(self, key: str) -> Finished:
        """How a task ended whose worker died, or with which Dask itself failed."""
        sent = self._forget(key)
        node, attempt = sent.task.node, sent.attempt
        self._looked = -LOOK_S  # the workers have changed
        try:
            error = sent.future.exception(timeout=CONNECT_S) if sent.future.status == "error" else None
        except Exception as trouble:
            error = trouble
        worker = getattr(getattr(error, "last_worker", None), "address", "")
        if worker:
            return Finished(node=node, attempt=attempt, worker=worker, lost=f"the worker at {worker} died")
        if error is None:
            return Finished(node=node, attempt=attempt, lost="Dask gave it up")
        return Finished(node=node, attempt=attempt, worker="unknown", lost=f"{type(error).__name__}: {error}")

    def _identity(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._client.sync(
                self._client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT_S
            )
        except (OSError, AttributeError) as error:
            raise self._gone("does not answer any more") from error
        return found

    def _gone(self, what: str) -> ToolError:
        return ToolError(
            f"the scheduler at {self._address} {what}",
            hint="start it and its workers, and run the same command again: it goes on where it stopped",
        )


def _worker(address: str, told: dict[str, Any]) -> Worker | None:
    """A worker as Dask knows it; None for one that is not ours, or about to leave."""
    resources = told.get("resources") or {}
    arch = next((name.removeprefix(ARCH) for name in sorted(resources) if name.startswith(ARCH)), "")
    if not arch or told.get("status", "running") != "running":
        return None
    return Worker(name=address, arch=arch, slots=int(resources.get(SLOT, 0)), memory_mib=int(resources.get(MEMORY, 0)))


def carry_out(topic: str, key: str, message: bytes) -> bytes:
    """Runs in a worker, in a thread of Dask: everything it may do was settled when the worker was started."""
    from distributed import get_worker

    worker: Any = get_worker()
    deadline = clock.monotonic() + CONNECT_S
    while not hasattr(worker, "boatyard_site") and clock.monotonic() < deadline:
        clock.sleep(0.01)  # the worker has only just joined
    site: Site = worker.boatyard_site
    reply = site.carry_out(key, message)
    worker.log_event(topic, {"key": key, "reply": reply})
    return reply


def load_distributed() -> Any:
    """Dask's package of that name, configured; ToolError when it is not installed."""
    try:
        import dask

        dask.config.set(CONFIG)
        import distributed
    except ImportError as error:
        raise ToolError(
            f"builds on many machines need Dask, which is not installed ({error})",
            hint="install Boatyard with the extra for it: `pip install 'boatyard[dask]'`",
        ) from error
    return distributed


def security(tls: Tls | None) -> Any:
    """Dask's form of the TLS options: the same certificate for whatever role; nothing unencrypted."""
    if tls is None:
        return None
    for path in (tls.ca, tls.certificate, tls.key):
        if not path.is_file():
            raise ToolError(f"{path} is no file", hint="PEM files are needed for TLS")
    parts = {"tls_ca_file": str(tls.ca), "require_encryption": True}
    for role in ("client", "scheduler", "worker"):
        parts |= {f"tls_{role}_cert": str(tls.certificate), f"tls_{role}_key": str(tls.key)}
    return load_distributed().Security(**parts)
