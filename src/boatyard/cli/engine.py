"""Options of the verbs that build on workers: which engine, and what connects to a cluster."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from boatyard.graph.engine.dask import DaskExecutor, Tls
    from boatyard.graph.engine.local import LocalExecutor


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """For verbs that build a graph: `opened_executor` makes of them what runs the tasks."""
    group = parser.add_argument_group("engine")
    group.add_argument(
        "--engine", choices=("local", "dask"), help="build on this machine, or on workers (dask with --scheduler)"
    )
    group.add_argument("--scheduler", default="", metavar="URL", help="the scheduler of the workers (tcp://HOST:PORT)")
    group.add_argument(
        "--jobs", "-j", type=count, default=0, metavar="N", help="builds side by side on this machine (its processors)"
    )
    group.add_argument(
        "--worker-wait",
        type=count,
        default=60,
        metavar="S",
        help="fail what has waited so long for a worker of its architecture (60)",
    )
    add_tls_options(group)


def add_tls_options(parser: argparse._ActionsContainer) -> None:
    """The PEM files by which coordinators, schedulers and workers know each other."""
    for name, what in (("ca", "the authority's certificate"), ("cert", "the own certificate"), ("key", "its key")):
        parser.add_argument(f"--tls-{name}", type=Path, metavar="FILE", help=f"for encrypted connections: {what}")


def opened_executor(
    args: argparse.Namespace, home: Path, words: Mapping[str, str]
) -> AbstractContextManager[LocalExecutor | DaskExecutor]:
    """What runs tasks, as the options say. `home`, `words`: the folders and words of tasks on this machine."""
    engine = args.engine or ("dask" if args.scheduler else "local")
    if engine == "local":
        from boatyard.graph.engine.local import LocalExecutor

        if args.scheduler:
            raise ConfigError("--scheduler is for --engine dask", hint="leave one of them out")
        return LocalExecutor(home, jobs=args.jobs, words=words)
    from boatyard.graph.engine.dask import DaskExecutor

    if not args.scheduler:
        raise ConfigError(
            "--engine dask needs --scheduler", hint="`boatyard scheduler` starts one, and prints its address"
        )
    if args.jobs:
        raise ConfigError("--jobs is for this machine", hint="workers have --jobs of their own: `boatyard worker`")
    return DaskExecutor(args.scheduler, tls=tls_of(args))


def tls_of(args: argparse.Namespace) -> Tls | None:
    """The files of the options; None without any. ConfigError when only some are given."""
    from boatyard.graph.engine.dask import Tls

    files = (args.tls_ca, args.tls_cert, args.tls_key)
    if not any(files):
        return None
    if not all(files):
        raise ConfigError("encrypted connections need all of --tls-ca, --tls-cert and --tls-key")
    return Tls(*files)


def count(text: str) -> int:
    """A whole number from 1; for argparse."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= 100_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text[:9])
