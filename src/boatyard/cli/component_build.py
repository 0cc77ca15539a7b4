"""`boatyard component update` and `component build`: locks of seed components, and packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError
from boatyard.cli.choice import add_selection, selection_of
from boatyard.cli.option import add_build_options, opened_yard
from boatyard.config.select import select

if TYPE_CHECKING:
    import argparse

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project


def add_update(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `update`."""
    parser = verbs.add_parser("update", help="lock seed components to what their mirror has now")
    add_build_options(parser)
    add_selection(parser)
    parser.add_argument("--check-only", action="store_true", help="write nothing; exit 8 when a lock would change")
    parser.set_defaults(run=update)


def add_build(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `build`."""
    parser = verbs.add_parser("build", help="build the packages of components")
    add_build_options(parser)
    add_selection(parser)
    parser.set_defaults(run=build)


def update(args: argparse.Namespace) -> int:
    """Prints what changes, a line for each package; locks that do not change are left alone."""
    from boatyard.flow.lock import update_locks

    with opened_yard(args) as yard:
        changed = update_locks(yard, chosen_components(yard.project, args), write=not args.check_only)
    for name, changes in changed.items():
        for change in changes:
            print(f"{name}: {change}")
    if changed and args.check_only:
        raise CheckError(
            f"lock files are stale; {len(changed)} component(s) would change: {', '.join(list(changed)[:8])}",
            hint="`boatyard component update` writes them",
        )
    return 0


def build(args: argparse.Namespace) -> int:
    """Prints the path of every package of the components chosen, built now or before."""
    from boatyard.flow.build import build_components
    from boatyard.flow.source import plan_sources

    with opened_yard(args) as yard:
        built = build_components(yard, plan_sources(yard, chosen_components(yard.project, args)))
    for result in built.results:
        for rpm in result.rpms:
            print(rpm.path)
    return 0


def chosen_components(project: Project, args: argparse.Namespace) -> list[Component]:
    """The components selected; ConfigError when the command line selects none."""
    selection = selection_of(args)
    if selection.empty:
        raise ConfigError("no components were selected", hint="name some, or give -a for all of them")
    return select(project, selection)
