"""`boatyard source`: what components are made from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, add_selection, chosen_components, chosen_project
from boatyard.cli.option import add_mirror_options, opened_session, workspace_of
from boatyard.cli.table import add_format, show
from boatyard.cli.upstream import add_upstream_options, upstream_of
from boatyard_boot.arch import Arch
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    import argparse

    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.yard import Yard

COLUMNS = ("component", "commit", "files", "size", "error")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("source", help="what components are made from", description=__doc__)
    parser = noun.add_subparsers(metavar="VERB", required=True).add_parser(
        "mirror",
        help="fetch all that components are made from into the cache",
        description="Fetches the locked commits, archives and packages of components into the cache, so that --offline"
        " works afterwards. What is there already is not asked for.",
    )
    add_project(parser)
    add_selection(parser)
    parser.add_argument("--work", type=Path, metavar="DIR", help="put intermediate results there")
    add_mirror_options(parser)
    add_upstream_options(parser)
    add_format(parser)
    parser.set_defaults(run=mirror)


def mirror(args: argparse.Namespace) -> int:
    """One line for each component; the exit code is that of the first failure, after all were tried."""
    from boatyard.flow.source_mirror import mirror_components

    project = chosen_project(args)
    components = chosen_components(project, args)
    with opened_session(project, args) as (ports, workspace):
        upstream = upstream_of(project, workspace, ports, args)
        results = mirror_components(upstream, components, lambda: _yard(project, ports, args), ports.reporter)
    rows = [
        (
            one.component,
            one.commit[:12],
            str(one.files),
            format_size(one.size),
            one.error.problems[0].what if one.error else "",
        )
        for one in results
    ]
    records = [
        {"component": one.component, "commit": one.commit, "files": one.files, "bytes": one.size}
        | ({"error": str(one.error)} if one.error else {})
        for one in results
    ]
    show(args.output, COLUMNS, rows, records)
    failed = [one.error for one in results if one.error is not None]
    for error in failed[1:20]:
        print(error, file=sys.stderr)
    if failed:
        raise failed[0]
    return 0


def _yard(project: Project, ports: Ports, args: argparse.Namespace) -> Yard:
    from boatyard.flow.yard import open_yard

    workspace = workspace_of(project, args.work)
    return open_yard(
        project, workspace, Arch.of_host(), ports, mirror=args.mirror, security_mirror=args.security_mirror
    )
