"""`boatyard trial snapshots`: the machines that are kept for later trials."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boatyard.cli.table import add_format, show
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    import argparse

COLUMNS = ("machine", "image", "size", "used")


def add_snapshots(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `snapshots` to the noun `trial`."""
    parser = verbs.add_parser(
        "snapshots",
        help="the machines that are kept for later trials",
        description="Lists the machines that earlier trials provisioned and kept, the latest used first. A trial of "
        "the same machine goes on from there.",
    )
    parser.add_argument("--remove", action="store_true", help="remove all of them")
    add_format(parser)
    parser.set_defaults(run=list_snapshots)


def list_snapshots(args: argparse.Namespace) -> int:
    """One line for each; with --remove they are gone afterwards."""
    from boatyard.flow.trial.snapshot import remove, snapshots
    from boatyard.flow.workspace import cache_dir, trial_snapshots

    found = snapshots(trial_snapshots(cache_dir(os.environ)))
    if args.remove:
        for kept in found:
            remove(kept)
        print(f"removed {len(found)} snapshots", file=sys.stderr)
        return 0
    rows = [
        (kept.snapshot.machine, kept.snapshot.below.path, format_size(kept.size), _moment(kept.used_at))
        for kept in found
    ]
    data = [
        {**dict(zip(COLUMNS, row, strict=True)), "size": kept.size, "folder": str(kept.folder)}
        for kept, row in zip(found, rows, strict=True)
    ]
    show(args.output, COLUMNS, rows, data)
    return 0


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
