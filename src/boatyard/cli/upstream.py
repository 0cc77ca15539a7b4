"""Options of the verbs that get upstream sources, and the means they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.workspace import Workspace


def add_upstream_options(parser: argparse.ArgumentParser) -> None:
    """For verbs that read dist-git repositories and lookaside caches."""
    group = parser.add_argument_group("upstream")
    group.add_argument("--offline", action="store_true", help="take upstream sources from the cache only")
    group.add_argument(
        "--lookaside", action="append", default=[], metavar="URL",
        help="template of a lookaside cache, asked before that of the distribution; repeatable",
    )  # fmt: skip


def upstream_of(project: Project, workspace: Workspace, ports: Ports, args: argparse.Namespace) -> Upstream:
    """The means to get upstream sources, as the options say."""
    from boatyard.flow.upstream import open_upstream

    return open_upstream(project, workspace, ports, offline=args.offline, lookasides=tuple(args.lookaside))
