"""`boatyard why`: why components were built, or not, in the last run; or what the next build would do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.choice import add_selection, chosen_components, chosen_project
from boatyard.cli.option import add_build_options, opened_yard, workspace_of
from boatyard.cli.upstream import add_upstream_options, upstream_of

if TYPE_CHECKING:
    import argparse

    from boatyard.artifact.explanation import Explanation


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = nouns.add_parser("why", help="why components were built, or not", description=__doc__)
    add_build_options(parser)
    add_selection(parser)
    parser.add_argument(
        "--now", action="store_true", help="tell what `component build` would do now, and why, instead of the last run"
    )
    parser.add_argument(
        "--strict", action="store_true", help="count every difference of a package, as strict builds do"
    )
    parser.add_argument("-o", "-O", "--output", choices=("text", "json"), default="text")
    add_upstream_options(parser)
    parser.set_defaults(run=why)


def why(args: argparse.Namespace) -> int:
    """Prints the reasons of each component that was chosen, down to what changed first."""
    from boatyard.artifact.codec import to_json
    from boatyard.report.why_text import to_text

    told = _next_build(args) if args.now else _last_run(args)
    if args.output == "json":
        print(to_json(told).decode(), end="")
    else:
        print("\n".join(to_text(one) for one in told), end="")
    return 0


def _last_run(args: argparse.Namespace) -> list[Explanation]:
    from boatyard.flow.why import explain_components

    project = chosen_project(args)
    names = [component.name for component in chosen_components(project, args)]
    return explain_components(names, workspace_of(project, args.work).ledger, str(args.arch), strict=args.strict)


def _next_build(args: argparse.Namespace) -> list[Explanation]:
    from boatyard.flow.build.foresee import foresee
    from boatyard.flow.build.run import BuildOptions
    from boatyard.flow.why import explain_components

    with opened_yard(args) as yard:
        components = chosen_components(yard.project, args)
        options = BuildOptions(strict=args.strict, upstream=upstream_of(yard.project, yard.workspace, yard.ports, args))
        now = foresee(yard, components, options)
        names = [component.name for component in components]
        return explain_components(names, yard.workspace.ledger, yard.arch, now.__getitem__, strict=args.strict)
