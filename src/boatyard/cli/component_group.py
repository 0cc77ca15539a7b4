"""`boatyard component-group`: groups of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.table import add_format, show

if TYPE_CHECKING:
    import argparse

COLUMNS = ("name", "members", "description")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("component-group", help="groups of components", description=__doc__)
    parser = noun.add_subparsers(metavar="VERB", required=True).add_parser("list", help="groups and their members")
    add_project(parser)
    add_format(parser)
    parser.set_defaults(run=list_groups)


def list_groups(args: argparse.Namespace) -> int:
    """One line for each group; JSON has the names of the members."""
    project = chosen_project(args)
    data = [
        {"name": name, "description": group.description, "members": list(project.group_members[name])}
        for name, group in project.groups.items()
    ]
    rows = [(name, str(len(project.group_members[name])), group.description) for name, group in project.groups.items()]
    show(args.output, COLUMNS, rows, data)
    return 0
