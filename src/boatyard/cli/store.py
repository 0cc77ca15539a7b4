"""`boatyard store`: the results of builds, kept by key: shown, verified, swept."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.table import render_pairs, to_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from boatyard.ports.progress import Reporter

DAYS = 30


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("store", help="results of builds", description=__doc__)
    verbs = noun.add_subparsers(metavar="VERB", required=True)
    parser = verbs.add_parser("show", help="what is in the store, or what is recorded for a key")
    _add_address(parser)
    parser.add_argument("key", nargs="?", default="", metavar="KEY", help="a key, or how it begins")
    parser.add_argument("-o", "-O", "--output", choices=("text", "json"), default="text")
    parser.set_defaults(run=show)
    parser = verbs.add_parser("verify", help="hash every object, check every record")
    _add_address(parser)
    parser.add_argument("--remove", action="store_true", help="remove what is damaged: it is fetched or made anew")
    parser.set_defaults(run=verify)
    parser = verbs.add_parser("gc", help="remove what was not used for some days")
    _add_address(parser)
    parser.add_argument("--days", type=float, default=DAYS, metavar="N", help=f"keep what was used since ({DAYS})")
    parser.add_argument(
        "--keep", action="append", default=[], metavar="KEY", help="keep the record of this key too; may be repeated"
    )
    parser.add_argument("--yes", action="store_true", help="remove it; without, what would go is only told")
    parser.set_defaults(run=gc)


def show(args: argparse.Namespace) -> int:
    """Numbers and sizes of the store; with a key, the record as JSON and the objects that it names."""
    from boatyard.flow.store import count_store, find_record
    from boatyard_boot.size import format_size

    if args.key:
        key, record = find_record(_builds(), args.at, args.key)
        data = record.data.decode("utf-8", "backslashreplace")
        if args.output == "json":
            print(to_json({"key": key, "objects": list(record.objects), "data": data}))
        else:
            print(render_pairs({"key": key, "objects": "\n".join(record.objects), "data": data}))
        return 0
    counted = count_store(_builds(), args.at)
    if args.output == "json":
        print(to_json(counted))
        return 0
    for kind in ("objects", "records"):
        size = counted.pop(f"{kind}-size")
        assert isinstance(size, int)
        counted[kind] = f"{counted[kind]}, {format_size(size)}"
    for end in ("oldest", "newest"):
        counted[end] = _date(counted[end])
    print(render_pairs({name: str(value) for name, value in counted.items()}))
    return 0


def verify(args: argparse.Namespace) -> int:
    """One line when all is well; exit code 8, and what is damaged, when not."""
    from boatyard.flow.store import verify_store
    from boatyard_boot.size import format_size

    verified = verify_store(_builds(), args.at, _reporter(), mend=args.remove)
    print(f"{verified.objects} objects and {verified.records} records are whole, {format_size(verified.size)}")
    return 0


def gc(args: argparse.Namespace) -> int:
    """One line: what is freed, or would be."""
    from boatyard.flow.store import sweep_store

    if not 0 <= args.days < 1e5:
        raise ConfigError(f"--days {args.days} is no number of days", hint="give 0 or more")
    print(sweep_store(_builds(), args.at, _reporter(), days=args.days, keep=args.keep, yes=args.yes))
    return 0


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        default="",
        metavar="ADDRESS",
        help="the shared store at an address (file:///…, s3://…, az://…), instead of the one of this user",
    )


def _builds() -> Path:
    from boatyard.flow.workspace import builds_dir, cache_dir

    return builds_dir(cache_dir(os.environ))


def _reporter() -> Reporter:
    from boatyard.ports.progress import Reporter, console

    return Reporter(console(sys.stderr))


def _date(seconds: object) -> str:
    from datetime import UTC, datetime

    assert isinstance(seconds, int)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""
