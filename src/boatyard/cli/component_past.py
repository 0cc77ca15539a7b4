"""`boatyard component changed`: what git tells of the components of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, add_selection, chosen_project, selection_of
from boatyard.cli.component_build import chosen_components
from boatyard.cli.option import opened_session
from boatyard.cli.table import add_format, show

if TYPE_CHECKING:
    import argparse

    from boatyard.flow.changed import Change

COLUMNS = ("component", "change", "sources")


def add_changed(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `changed`."""
    parser = verbs.add_parser(
        "changed",
        help="tell which components changed between two commits",
        description="Compares the locks and the rendered sources files of two commits of the project. Which components"
        " there are, and where their locks and rendered specs lie, is taken from the project as it is now.",
    )
    add_project(parser)
    add_selection(parser)
    parser.add_argument("--from", dest="before", required=True, metavar="REF", help="the commit before")
    parser.add_argument("--to", dest="after", default="HEAD", metavar="REF", help="the commit after (default: HEAD)")
    parser.add_argument(
        "--include-unchanged",
        action="store_true",
        help="with -a: also those that did not change; others are always told",
    )
    parser.add_argument("--why", action="store_true", help="say what changed: the commit, the bump, the configuration")
    add_format(parser)
    parser.set_defaults(run=changed, work=None)


def changed(args: argparse.Namespace) -> int:
    """One line for each component. Exit code 8 when rendered sources changed and the fingerprint did not."""
    from boatyard.flow.changed import changed_components

    project = chosen_project(args)
    components = chosen_components(project, args)
    everything = selection_of(args).everything
    with opened_session(project, args) as (ports, workspace):
        found = changed_components(
            project, components, args.before, args.after, ports.run, everything=everything, locks=workspace.locks
        )
    if everything and not args.include_unchanged:
        found = [change for change in found if change.kind != "unchanged" or change.sources]
    columns = (*COLUMNS, "why") if args.why else COLUMNS
    rows = [(one.component, one.kind, "changed" if one.sources else "", "; ".join(one.why)) for one in found]
    show(args.output, columns, [row[: len(columns)] for row in rows], [_record(one, why=args.why) for one in found])
    return 0


def _record(change: Change, *, why: bool) -> dict[str, object]:
    """In azldev's keys; `why` is Boatyard's."""
    record: dict[str, object] = {
        "component": change.component,
        "changeType": change.kind,
        "sourcesChange": change.sources,
    }
    return record | {"why": list(change.why)} if why else record
