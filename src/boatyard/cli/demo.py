"""`boatyard demo`: Skiff Linux from its TOML to signed repositories, images and checked virtual machines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError
from boatyard.cli.choice import SKIFF
from boatyard.cli.option import add_build_options, opened_yard

if TYPE_CHECKING:
    import argparse


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("demo", help="build, boot and check Skiff Linux", description=__doc__)
    parser.add_argument("--result", type=Path, metavar="FILE", help="also write the result there as JSON")
    add_build_options(parser)
    parser.set_defaults(run=demo, work=Path("build/demo"))


def demo(args: argparse.Namespace) -> int:
    """Runs the demo and shows its result; exit code 8 when a check or a budget failed."""
    from boatyard.artifact.codec import save
    from boatyard.flow.demo import run_demo
    from boatyard.report.demo import format_demo

    if not hasattr(args, "project"):
        args.project = SKIFF.parent  # also in the folder of another project
    with opened_yard(args) as yard:
        result = run_demo(yard)
        log = yard.workspace.log
    if args.result is not None:
        save(result, args.result)
    sys.stdout.write(format_demo(result, Path.cwd()))
    if not result.ok:
        raise CheckError("the demo failed: see the table above", hint=f"logs are in {log}")
    return 0
