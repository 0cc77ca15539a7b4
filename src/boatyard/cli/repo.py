"""`boatyard repo build`: every component built, every channel written and signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.option import add_build_options, opened_yard
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    import argparse


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("repo", help="signed repositories")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    build = verbs.add_parser("build", help="build all components and write the signed repositories")
    add_build_options(build)
    build.set_defaults(run=build_repositories)


def build_repositories(args: argparse.Namespace) -> int:
    """Builds what is not in the store and makes a new snapshot current."""
    from boatyard.flow.distribution import make_repositories

    with opened_yard(args) as yard:
        made = make_repositories(yard, list(yard.project.components.values()))
        current = yard.workspace.repo / "current"
    for snapshot in made.compose.channels:
        size = format_size(snapshot.size)
        print(f"{snapshot.channel}: {snapshot.packages} packages, {size}  {current / snapshot.channel}")
    return 0
