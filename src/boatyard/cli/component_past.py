"""`boatyard component changed` and `component history`: what git tells of the components of a project."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, add_selection, chosen_components, chosen_project, selection_of
from boatyard.cli.component_render import add_source_options, opened
from boatyard.cli.option import opened_session
from boatyard.cli.table import add_format, show

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from boatyard.flow.changed import Change
    from boatyard.flow.component_history import ComponentHistory, Entry

COLUMNS = ("component", "change", "sources")
HISTORY_COLUMNS = ("component", "release", "commit", "date", "by", "subject")


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
        help="with -a: also those that did not change; those named are always told",
    )
    parser.add_argument("--why", action="store_true", help="say what changed: the commit, the bump, the configuration")
    add_format(parser)
    parser.set_defaults(run=changed, work=None)


def add_history(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `history`."""
    parser = verbs.add_parser(
        "history",
        aliases=["hist"],
        help="show upstream's commits and the project's changes, with the releases that result",
        description="Shows the history that releases are counted by, oldest first: upstream's commits since the"
        " component was first locked, and the project's own changes where they were made.",
    )
    add_source_options(parser, changes=False)
    parser.add_argument(
        "--no-rpmautospec",
        dest="rpmautospec",
        action="store_false",
        help="leave out the releases of specs with %%autorelease",
    )
    add_format(parser)
    parser.set_defaults(run=history)


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


def history(args: argparse.Namespace) -> int:
    """One line for each commit of the components chosen."""
    from boatyard.flow.component_history import component_history
    from boatyard.flow.render import Renderer, SeedSources

    project = chosen_project(args)
    components = chosen_components(project, args)
    with opened(project, args) as (ports, options, _, upstream):
        renderer = Renderer(project, options, SeedSources(), ports, upstream)
        found = [component_history(renderer, component) for component in components]
        for one in found:
            for warning in one.warnings:
                ports.reporter.warn(f"{one.component}: {warning}")
    rows = [(one.component, *_history_row(entry)) for one in found for entry in one.entries]
    data = [_history_record(one, project.component(one.component).file) for one in found]
    show(args.output, HISTORY_COLUMNS, rows, data)
    return 0


def _history_row(entry: Entry) -> tuple[str, ...]:
    by = f"{entry.author} (project)" if entry.project else entry.author
    return (entry.release, entry.commit[:12], _moment(entry.time)[:10] if entry.commit else "", by, entry.subject)


def _history_record(history: ComponentHistory, file: Path) -> dict[str, object]:
    """In azldev's keys; `history` is Boatyard's."""
    changes = [entry for entry in history.entries if entry.project]
    return {
        "name": history.component,
        "tomlPath": str(file),
        "fingerprintChanges": len(changes),
        "fingerprintChangeDetails": [
            {
                "hash": entry.commit,
                "author": entry.author,
                "authorEmail": entry.email,
                "timestamp": _moment(entry.time),
                "message": entry.subject,
                "upstreamCommit": entry.upstream_commit,
            }
            for entry in changes
        ],
        "hasLock": history.locked,
        "hasImport": bool(history.import_commit),
        "warnings": list(history.warnings),
        "history": [
            {
                "kind": "project" if entry.project else "upstream",
                "commit": entry.commit,
                "author": entry.author,
                "timestamp": _moment(entry.time) if entry.commit else "",
                "subject": entry.subject,
                "release": entry.release,
            }
            for entry in history.entries
        ],
    }


def _moment(seconds: int) -> str:
    """RFC 3339, in UTC; empty for a moment that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""
