"""Options of the verbs that build, and the yard they lead to."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.cli.choice import SKIFF, add_project, chosen_project, is_quiet, is_verbose
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.workspace import Workspace
    from boatyard.flow.yard import Yard

SKIFF_WORK = Path("build/skiff")


def add_mirror_options(parser: argparse.ArgumentParser) -> None:
    """For verbs that may read the seeds' mirror."""
    parser.add_argument("--mirror", default="", metavar="URL", help="Debian mirror, instead of the one apt names")
    parser.add_argument("--security-mirror", default="", metavar="URL", help="mirror of Debian's security archive")


def add_place_options(parser: argparse.ArgumentParser, *, work: str) -> None:
    """For verbs that look at builds: the project, the architecture, the folder; `work` tells what that one is for."""
    add_project(parser)
    parser.add_argument("--arch", type=Arch, choices=list(Arch), default=Arch.of_host(), help="build for (this host's)")
    parser.add_argument("--work", type=Path, metavar="DIR", help=work)


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """For verbs that build: the project, the architecture, where to, the mirror."""
    add_place_options(parser, work="put results and intermediate ones there, instead of where the project says")
    add_mirror_options(parser)


def workspace_of(project: Project, work: Path | None) -> Workspace:
    """The folders of a run, below `work` when it is given; locks stay with the project, unless it is Skiff."""
    from boatyard.flow.workspace import Workspace, cache_dir

    cache = cache_dir(os.environ)
    if project.root == SKIFF:  # the package cannot be written to
        return Workspace.under(work or SKIFF_WORK, cache)
    if work is None:
        return Workspace.of(project.settings, cache)
    return replace(Workspace.under(work, cache), locks=project.settings.lock_dir)


@contextmanager
def opened_session(project: Project, args: argparse.Namespace) -> Iterator[tuple[Ports, Workspace]]:
    """Ports and folders for a project; nothing is left running afterwards."""
    from boatyard.cli.session import session

    workspace = workspace_of(project, args.work)
    with session(workspace.log, quiet=is_quiet(args), verbose=is_verbose(args)) as ports:
        yield ports, workspace


@contextmanager
def opened_yard(args: argparse.Namespace) -> Iterator[Yard]:
    """The project with everything needed to build it; nothing is left running afterwards."""
    from boatyard.flow.yard import open_yard

    os.umask(0o022)  # what is built does not depend on who builds it; what is secret has a mode of its own
    project = chosen_project(args)
    with opened_session(project, args) as (ports, workspace):
        yield open_yard(project, workspace, args.arch, ports, mirror=args.mirror, security_mirror=args.security_mirror)
