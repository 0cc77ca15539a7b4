"""Work that is quick to do and leaves traces: nodes are built by a child process, into a store like the real one.

A task may be told to fail, to sleep, to kill its worker or to need memory. What was started, and where, is in
`started.log` of the store: a line for each start, of the node, the worker's process and the architecture it has.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BuildError, OutOfMemoryError, ToolError
from boatyard.graph.work import Done, Task, TaskContext, Wait
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTION = "tests.graph.toy:carry_out"
NOTHING = "tests.graph.toy:do_nothing"
NONE = frozenset[str]()


def layers(width: int, depth: int) -> dict[str, frozenset[str]]:
    """A graph in which each node needs two of the layer before."""
    return {
        f"l{layer}n{place}": NONE
        if layer == 0
        else frozenset({f"l{layer - 1}n{place}", f"l{layer - 1}n{(place + 1) % width}"})
        for layer in range(depth)
        for place in range(width)
    }


@dataclass
class ToyWork:
    """`needs`: as given to `run_graph`. `behaviour`: by node, see `carry_out`; `arch`, `memory`: what tasks ask for.

    `discovered`: edges that show when a node is asked for the first time. `function`: what carries tasks out.
    """

    store: Path
    needs: Mapping[str, frozenset[str]]
    behaviour: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    arch: Mapping[str, str] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    discovered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    function: str = FUNCTION

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        needed = self.needs.get(node, frozenset()) | self.discovered.get(node, frozenset())
        if missing := needed - results.keys():
            return Wait(missing)
        key = sha256_bytes("\n".join([node, *(results[need].decode() for need in sorted(needed))]).encode())
        if (record := find_record(self.store, key)) is not None:
            return Done(result=record, reused=answer is None)
        payload = {"node": node, "key": key, "store": str(self.store), **self.behaviour.get(node, {})}
        return Task(
            node=node,
            step="build",
            payload=json.dumps(payload).encode(),
            arch=self.arch.get(node, ""),
            memory_mib=self.memory.get(node, 0),
        )


def carry_out(payload: bytes, context: TaskContext) -> bytes:
    """Behaviour: `sleep` s in a child process; `fail`: the words of a BuildError; `host`: of a ToolError;
    `kill`: the worker is killed; `memory`: MiB that are needed; `raise`: a bug; `deaf`: s without hearing."""
    told = json.loads(payload)
    store = Path(told["store"])
    note(store, f"{told['node']} {os.getpid()} {context.words.get('arch', '')}")
    if told.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if told.get("memory", 0) > context.memory_mib:
        raise OutOfMemoryError(f"{told['node']} used more than {context.memory_mib} MiB")
    if "fail" in told:
        raise BuildError(told["fail"], detail="line 1\nline 2", hint="mend it")
    if "host" in told:
        raise ToolError(told["host"])
    if "raise" in told:
        raise ZeroDivisionError(told["raise"])
    if "deaf" in told:
        time.sleep(told["deaf"])
    # A program that starts another, as builds do: both have to go when the task is cancelled.
    script = f"sleep {told.get('sleep', 0)}; echo {told['node']} > built"
    context.run(Command(argv=("sh", "-c", script), cwd=context.folder))
    data = (context.folder / "built").read_bytes() + told["key"].encode()
    digest = put(store / "cas", sha256_bytes(data), data)
    put(store / "ac", told["key"], digest.encode())
    return digest.encode()


def do_nothing(payload: bytes, context: TaskContext) -> bytes:
    """The answer is the payload."""
    return payload


@dataclass
class NoWork:
    """Nodes that are done without a trace by one task that does nothing."""

    function: str = NOTHING

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        return Task(node=node, step="build", payload=node.encode()) if answer is None else Done(result=answer)


def put(folder: Path, name: str, data: bytes) -> str:
    """Whole or not at all; who comes second changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".tmp-{os.getpid()}-{os.urandom(4).hex()}"
    temporary.write_bytes(data)
    with contextlib.suppress(FileExistsError):
        (folder / name).hardlink_to(temporary)
    temporary.unlink()
    return name


def find_record(store: Path, key: str) -> bytes | None:
    path = store / "ac" / key
    return path.read_bytes() if path.exists() else None


def contents(store: Path) -> dict[str, bytes]:
    """Every record and content of a store, by its path."""
    return {
        f"{folder}/{path.name}": path.read_bytes()
        for folder in ("ac", "cas")
        for path in sorted((store / folder).iterdir())
    }


def note(store: Path, text: str) -> None:
    store.mkdir(parents=True, exist_ok=True)
    handle = os.open(store / "started.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, text.encode() + b"\n")
    os.close(handle)


def starts(store: Path) -> list[list[str]]:
    """[node, process, architecture] of every start, in order."""
    path = store / "started.log"
    return [line.split(" ") for line in path.read_text().splitlines()] if path.exists() else []


def started(store: Path) -> list[str]:
    return [words[0] for words in starts(store)]
