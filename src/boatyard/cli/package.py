"""`boatyard package`: binary packages, the channel of each, and the table that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.table import add_format, show
from boatyard.config.channel import Channels
from boatyard.config.fault import dotted
from boatyard.config.select import match_names

if TYPE_CHECKING:
    import argparse

    from boatyard.config.project import Project

COLUMNS = ("package", "type", "channel", "why", "group", "component")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("package", aliases=["pkg"], help="binary packages", description=__doc__)
    parser = noun.add_subparsers(metavar="VERB", required=True).add_parser("list", help="packages and their channels")
    add_project(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="packages by name or glob; any name has a channel")
    parser.add_argument("-a", "--all", action="store_true", help="every package that the configuration names")
    parser.add_argument("-p", "--pattern", action="append", default=[], metavar="GLOB", help="as NAME")
    parser.add_argument("-c", "--component", default="", metavar="NAME", help="the component that builds them")
    parser.add_argument("--channel", default="", metavar="CHANNEL", help="only those of a channel")
    add_format(parser)
    parser.set_defaults(run=list_packages)


def list_packages(args: argparse.Namespace) -> int:
    """One line for each package; all that the configuration names when none is asked for."""
    project = chosen_project(args)
    if args.component:
        project.component(args.component)
    records = describe(project, _names(project, args), args.component)
    if args.channel:
        records = [record for record in records if record["publishChannel"] == args.channel]
    rows = [
        (
            str(record["packageName"]),
            str(record["type"]),
            str(record["publishChannel"]),
            str(record["why"]),
            " ".join(map(str, record["packageGroups"])) if isinstance(record["packageGroups"], list) else "",
            str(record["component"]),
        )
        for record in records
    ]
    show(args.output, COLUMNS, rows, records)
    return 0


def describe(project: Project, names: list[str], component: str = "") -> list[dict[str, object]]:
    """azldev's record of each package, and why it has its channel. `component`: who builds them, when known."""
    channels = Channels(project)
    owners = component_of_package(project)
    records: list[dict[str, object]] = []
    for name in names:
        owner = component or owners.get(name, "")
        published = channels.of(name, owner)
        group = channels.group_of.get(name, "")
        records.append(
            {
                "packageName": name,
                "type": "rpm",
                "packageGroups": [group] if group else [],
                "componentGroups": list(project.components[owner].groups) if owner in project.components else [],
                "component": owner,
                "publishChannel": published.channel,
                "why": dotted(published.key),
            }
        )
    return records


def component_of_package(project: Project) -> dict[str, str]:
    """The component of each package that a component names under `packages`."""
    return {package: name for name, component in project.components.items() for package in component.packages}


def _names(project: Project, args: argparse.Namespace) -> list[str]:
    known = sorted({*Channels(project).group_of, *component_of_package(project)})
    wanted = [*args.names, *args.pattern]
    if args.all or not wanted:
        return known
    found = {name for pattern in wanted for name in (match_names(pattern, known) or _plain(pattern))}
    return sorted(found)


def _plain(pattern: str) -> list[str]:
    """A package that no table names has a channel too; a glob without a match has none."""
    return [] if any(char in pattern for char in "*?[") else [pattern]
