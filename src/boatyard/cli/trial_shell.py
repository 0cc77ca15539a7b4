"""`boatyard trial shell`: a login on the machine that a trial would have."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from boatyard.cli.choice import chosen_project, is_quiet, is_verbose
from boatyard.cli.option import workspace_of
from boatyard.cli.trial_run import add_scenario, placed_scenario, places_of

if TYPE_CHECKING:
    import argparse


def add_shell(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `shell` to the noun `trial`."""
    parser = verbs.add_parser(
        "shell",
        help="log in to the machine that a trial would have",
        description="Boots and provisions the machine of a scenario and logs in to it as its user, who may use sudo; "
        "nothing is deployed. When the shell ends, the machine is gone. Without a terminal the shell reads commands "
        "from standard input. The exit code is the shell's.",
    )
    add_scenario(parser)
    parser.set_defaults(run=shell)


def shell(args: argparse.Namespace) -> int:
    """The shell's exit code; CheckError when the machine was not provisioned."""
    from boatyard.cli.session import session
    from boatyard.flow.trial.shell import ashore, login
    from boatyard.ports import terminal
    from boatyard.vm.running import Harbour

    placed = placed_scenario(args, scripts=[], checks=[])
    workspace = workspace_of(chosen_project(args), args.work)
    places = places_of(args, workspace, placed)
    with session(workspace.log, quiet=is_quiet(args), verbose=is_verbose(args)) as ports:
        harbour = Harbour(ports.run, ports.reporter, workspace.work / "vm")
        with ashore(placed, places, harbour, workspace.log / "console-shell.log") as ssh:
            print("the machine is gone when this shell ends", file=sys.stderr)
            kind = os.environ.get("TERM", "dumb") if terminal.is_interactive() else ""
            return ports.run.attached(login(ssh, terminal=kind))
