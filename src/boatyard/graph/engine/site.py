"""The inside of a worker: checks each task before it is carried out, and ends those that nobody wants any more."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from boatyard import __version__
from boatyard.base.error import BoatyardError
from boatyard.graph.engine.carry import Carrier, find_function
from boatyard.graph.engine.message import Reply, decode_request, encode, reply_of
from boatyard.graph.work import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

LOOK_S = 0.25


class Site:
    """`home`: for the folders of tasks. `words`: handed to them; `cluster` and `worker` among them are what tasks must
    name, and what replies do.

    `allowed`: the functions that may be run (`package.module:name`). `is_wanted`: whether a task, by its key, is still
    wanted; asked four times a second.
    """

    def __init__(
        self, home: Path, words: Mapping[str, str], allowed: Collection[str], is_wanted: Callable[[str], bool]
    ) -> None:
        self._home, self._words, self._allowed, self._is_wanted = home, dict(words), frozenset(allowed), is_wanted
        self._name = self._words.get("worker", "")
        self._running: dict[str, Carrier] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def carry_out(self, key: str, message: bytes) -> bytes:
        """Runs a task to its end; the reply, in which every error is told."""
        try:
            request = decode_request(message)
        except ValueError as error:
            return encode(Reply(refused=f"no task: {error}", worker=self._name))
        if refused := self._refusal(request.cluster, request.version, request.function):
            return encode(Reply(refused=refused, worker=self._name))
        task = Task(node=request.node, step=request.step, payload=request.payload, memory_mib=request.memory_mib)
        carrier = Carrier(task, request.attempt)
        with self._lock:
            self._running[key] = carrier
        if self._closed.is_set():
            carrier.cancel()
        try:
            answer = carrier.carry_out(find_function(request.function), self._home, self._words)
        except BoatyardError as error:
            if carrier.cancelled.is_set():  # then it is that its programs were killed
                return encode(Reply(carrier.seconds, lost=f"the worker at {self._name} was stopped", worker=self._name))
            return encode(reply_of(error, carrier.seconds, self._name))
        else:
            return encode(Reply(carrier.seconds, answer, worker=self._name))
        finally:
            with self._lock:
                self._running.pop(key, None)

    def close(self) -> None:
        """Ends the programs of all tasks; no task can start any more."""
        self._closed.set()
        for carrier in self._live().values():
            carrier.cancel()

    def _refusal(self, cluster: str, version: str, function: str) -> str:
        if cluster != self._words.get("cluster", ""):
            return f"the worker at {self._name} belongs to another cluster"
        if version != __version__:
            return f"the worker at {self._name} has Boatyard {__version__}, the coordinator {version}"
        if function not in self._allowed:
            return f"the worker at {self._name} does not run {function}"
        return ""

    def _live(self) -> dict[str, Carrier]:
        with self._lock:
            return dict(self._running)

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_S):
            for key, carrier in self._live().items():
                if not carrier.cancelled.is_set() and not self._is_wanted(key):
                    carrier.cancel()
