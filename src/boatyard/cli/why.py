"""`boatyard why`: why components were built, or not, in the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import add_selection, chosen_project, selection_of
from boatyard.cli.option import add_build_options, workspace_of

if TYPE_CHECKING:
    import argparse


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("why", help="why components were built, or not", description=__doc__)
    add_build_options(parser)
    add_selection(parser)
    parser.add_argument(
        "--strict", action="store_true", help="count every difference of a package, as strict builds do"
    )
    parser.add_argument("-o", "-O", "--output", choices=("text", "json"), default="text")
    parser.set_defaults(run=why)


def why(args: argparse.Namespace) -> int:
    """Prints the reasons of each component that was chosen, down to what changed first."""
    from boatyard.artifact.codec import to_json
    from boatyard.config.select import select
    from boatyard.flow.why import explain_components
    from boatyard.report.why_text import to_text

    project, selection = chosen_project(args), selection_of(args)
    if selection.empty:
        raise ConfigError("no components were selected", hint="name some, or give -a for all of them")
    names = [component.name for component in select(project, selection)]
    ledger = workspace_of(project, args.work).ledger
    told = explain_components(names, ledger, str(args.arch), strict=args.strict)
    if args.output == "json":
        print(to_json(told).decode(), end="")
    else:
        print("\n".join(to_text(one) for one in told), end="")
    return 0
