"""`boatyard scheduler` and `boatyard worker`: the processes that builds on many machines are made of."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.engine import add_tls_options, count, tls_of

if TYPE_CHECKING:
    import argparse

FUNCTIONS = ("boatyard.flow.build.task:perform",)  # what a worker runs; nothing else that it is asked for
SILENCE_S = 120


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds both."""
    _add_scheduler(nouns)
    _add_worker(nouns)


def _add_scheduler(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser(
        "scheduler",
        help="tell workers what to build",
        description="Runs the scheduler of a cluster until it is interrupted. Its address is the first line it prints. "
        "It needs the extra `boatyard[dask]`. Whoever reaches a scheduler without TLS can run code on its workers.",
    )
    parser.add_argument("--port", type=count, default=0, metavar="N", help="listen there (default: any free one)")
    parser.add_argument(
        "--worker-silence",
        type=count,
        default=SILENCE_S,
        metavar="S",
        help=f"a worker without a sign of life for so long is lost ({SILENCE_S})",
    )
    _add_listening(parser)
    parser.set_defaults(run=scheduler)


def _add_worker(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser(
        "worker",
        help="build what a scheduler says",
        description="Carries out builds for the scheduler of a cluster, until it is interrupted or the scheduler ends. "
        "It needs the extra `boatyard[dask]`.",
    )
    parser.add_argument("--scheduler", required=True, metavar="URL", help="the scheduler's address (tcp://HOST:PORT)")
    parser.add_argument(
        "--arch", default=platform.machine(), help=f"build for that architecture ({platform.machine()})"
    )
    parser.add_argument(
        "--memory", default="", metavar="SIZE", help="for all builds together, such as 8GiB (default: the machine's)"
    )
    parser.add_argument("--jobs", "-j", type=count, default=0, metavar="N", help="builds side by side (its processors)")
    parser.add_argument(
        "--depot",
        default="",
        metavar="URL",
        help="the store that coordinator and workers share: file://, s3:// or az://",
    )
    parser.add_argument(
        "--work", type=Path, default=Path("build/worker"), metavar="DIR", help="for builds and caches (build/worker)"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="also run that function; repeatable",
    )
    parser.add_argument(
        "--scheduler-wait",
        type=count,
        default=60,
        metavar="S",
        help="how long to look for the scheduler (60)",
    )
    _add_listening(parser)
    parser.set_defaults(run=worker)


def _add_listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS", help="this machine's address for the others (127.0.0.1)"
    )
    parser.add_argument("--insecure", action="store_true", help="listen to other machines without TLS all the same")
    add_tls_options(parser)


def scheduler(args: argparse.Namespace) -> int:
    """Prints the address, then serves."""
    from boatyard.graph.engine.serve import SchedulerOptions, serve_scheduler

    options = SchedulerOptions(
        host=args.listen, port=args.port, tls=tls_of(args), silence_s=args.worker_silence, insecure=args.insecure
    )
    serve_scheduler(options, _say)
    return 0


def worker(args: argparse.Namespace) -> int:
    """Prints its own address, then works."""
    from boatyard.graph.engine.local import machine_memory_mib
    from boatyard.graph.engine.serve import WorkerOptions, serve_worker
    from boatyard.graph.local import worker_count

    work = args.work.absolute()
    options = WorkerOptions(
        scheduler=args.scheduler,
        home=work / "tasks",
        arch=args.arch,
        jobs=args.jobs or worker_count(),
        memory_mib=_mebibytes(args.memory) if args.memory else machine_memory_mib(),
        allowed=(*FUNCTIONS, *args.allow),
        words={"depot": args.depot, "work": str(work)},
        host=args.listen,
        tls=tls_of(args),
        insecure=args.insecure,
        start_s=args.scheduler_wait,
    )
    os.umask(0o022)  # what builds write does not depend on who started the worker
    serve_worker(options, _say)
    return 0


def _say(address: str) -> None:
    print(address, flush=True)


def _mebibytes(text: str) -> int:
    from boatyard_boot.size import MIB, parse_size

    try:
        size = parse_size(text)
    except ValueError as error:
        raise ConfigError(f"--memory: {error}", hint="write it like 8GiB") from error
    if size < MIB:
        raise ConfigError(f"--memory: {text} is less than 1 MiB")
    return size // MIB
