"""The two kinds of process of a Dask cluster: the scheduler, and workers that carry out the tasks of coordinators.

Both end on SIGTERM or SIGINT, by themselves within a time of grace and by SIGKILL after it: a worker that survived its
scheduler would join the next one at the same address. A worker also ends when its scheduler is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boatyard.base.error import ConfigError, ToolError
from boatyard.graph.engine.dask import ARCH, MEMORY, SLOT, Tls, load_distributed, security
from boatyard.graph.engine.site import Site
from boatyard.ports.lease import leased_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOOPBACK = "127.0.0.1"
GRACE_S = 10.0
CLOSE_S = 2.0  # Dask's own time for each of the things it closes
SILENCE_S = 120.0
START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerOptions:
    """`port` 0: one the kernel chooses. `silence_s`: after so long without a heartbeat a worker counts as lost.

    `insecure`: other machines may connect without TLS.
    """

    host: str = LOOPBACK
    port: int = 0
    tls: Tls | None = None
    silence_s: float = SILENCE_S
    insecure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """`home`: for the folders of tasks. `words`: handed to the tasks. `allowed`: the functions that may be run.

    `host`: the address of this machine to listen at. `insecure`: other machines may connect without TLS.
    """

    scheduler: str
    home: Path
    arch: str
    jobs: int
    memory_mib: int
    allowed: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    host: str = LOOPBACK
    tls: Tls | None = None
    insecure: bool = False
    start_s: float = START_S


def serve_scheduler(options: SchedulerOptions, tell: Callable[[str], None]) -> None:
    """Runs a scheduler until a signal. `tell` is given its address, for workers and coordinators."""
    refuse_strangers(options.host, options.tls, insecure=options.insecure)
    load_distributed()
    asyncio.run(_serve_scheduler(options, tell))


def serve_worker(options: WorkerOptions, tell: Callable[[str], None]) -> None:
    """Runs a worker until a signal, or the end of its scheduler. `tell` is given its address.

    ToolError when no scheduler answers in time.
    """
    refuse_strangers(options.host, options.tls, insecure=options.insecure)
    load_distributed()
    with leased_dir(options.home) as folder:
        asyncio.run(_serve_worker(options, folder, tell))


def refuse_strangers(host: str, tls: Tls | None, *, insecure: bool) -> None:
    """ConfigError for an address that other machines reach, unless TLS keeps strangers out or they are wanted."""
    if tls is None and not insecure and not _is_loopback(host):
        raise ConfigError(
            f"whoever reaches {host} could run code here",
            hint="give --tls-ca, --tls-cert and --tls-key, or --insecure in a network of your own",
        )


async def _serve_scheduler(options: SchedulerOptions, tell: Callable[[str], None]) -> None:
    distributed = load_distributed()
    protocol = "tls" if options.tls is not None else "tcp"
    scheduler = distributed.Scheduler(
        host=f"{protocol}://{_bracketed(options.host)}:{options.port}",
        security=security(options.tls),
        dashboard=False,
        dashboard_address=f"{LOOPBACK}:0",
        allowed_failures=0,  # what is done again is for the coordinator to say
        worker_ttl=options.silence_s,
    )
    try:
        await scheduler
    except OSError as error:
        raise ToolError(f"cannot listen at {options.host} port {options.port}: {error.strerror or error}") from error
    tell(scheduler.address)
    await _until_stopped(scheduler)
    with contextlib.suppress(Exception):
        await asyncio.wait_for(scheduler.close(), CLOSE_S)


async def _serve_worker(options: WorkerOptions, folder: Path, tell: Callable[[str], None]) -> None:
    distributed = load_distributed()
    resources = {SLOT: options.jobs, ARCH + options.arch: options.jobs, MEMORY: options.memory_mib}
    worker = distributed.Worker(
        options.scheduler,
        nthreads=options.jobs,
        resources=resources,
        host=options.host,
        security=security(options.tls),
        memory_limit=0,
        dashboard=False,
        dashboard_address=f"{LOOPBACK}:0",
        local_directory=str(folder),
        death_timeout=options.start_s,
    )
    # The watching thread of the site finds tasks unwanted as soon as Dask has forgotten them, or the worker closes.
    tasks = folder / "tasks"
    tasks.mkdir()
    site: Site | None = None
    try:
        await worker
        cluster = str((await worker.scheduler.identity(n_workers=0))["id"])
        words = {**options.words, "cluster": cluster, "arch": options.arch, "worker": worker.address}
        site = worker.boatyard_site = Site(tasks, words, options.allowed, lambda key: _is_wanted(worker, key))
        tell(worker.address)
        await _until_stopped(worker)
    except (OSError, TimeoutError, ValueError) as error:
        raise ToolError(
            f"no scheduler answers at {options.scheduler}",
            detail=str(error),
            hint="start one with `boatyard scheduler`; with --tls-ca on one side it is needed on all",
        ) from error
    finally:
        _end_after_grace()
        if site is not None:
            site.close()
        with contextlib.suppress(Exception):
            await worker.close(timeout=CLOSE_S, executor_wait=False)


def _is_wanted(worker: Any, key: str) -> bool:
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled" and worker.status.name == "running"


async def _until_stopped(server: Any) -> None:
    """Until SIGTERM or SIGINT, or until the server has ended by itself."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ends = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(server.finished())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)


def _end_after_grace() -> None:
    """Whatever hangs, hangs no longer than that."""
    timer = threading.Timer(GRACE_S, os.kill, (os.getpid(), signal.SIGKILL))
    timer.daemon = True
    timer.start()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
