"""`boatyard package`: binary packages, the channel of each, and the table that says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.table import add_format, show

if TYPE_CHECKING:
    import argparse

    from boatyard.config.package_list import Listed
    from boatyard.config.project import Project

COLUMNS = ("package", "type", "channel", "why", "group", "component")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("package", aliases=["pkg"], help="binary packages", description=__doc__)
    parser = noun.add_subparsers(metavar="VERB", required=True).add_parser("list", help="packages and their channels")
    add_project(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="packages by name or glob; any name has a channel")
    parser.add_argument(
        "-a", "--all", "--all-packages", action="store_true", help="every package that the configuration names"
    )
    parser.add_argument(
        "-p", "--pattern", "--package", action="append", default=[], metavar="GLOB", help="as NAME; may be repeated"
    )
    parser.add_argument(
        "--rpm-file",
        type=Path,
        metavar="FILE",
        help="every source package and its packages, as this JSON tells: [{packageName, sourcePackageName}]",
    )
    parser.add_argument(
        "--synthesize-debug-packages",
        action="store_true",
        help="also the -debuginfo of each package, and the -debugsource of each component",
    )
    parser.add_argument("-c", "--component", default="", metavar="NAME", help="the component that builds them")
    parser.add_argument("--channel", default="", metavar="CHANNEL", help="only those of a channel")
    add_format(parser)
    parser.set_defaults(run=list_packages)


def list_packages(args: argparse.Namespace) -> int:
    """One line for each package; all that the configuration names when none is asked for."""
    others = (args.names, args.pattern, args.all, args.component, args.synthesize_debug_packages)
    if args.rpm_file is not None and any(others):
        raise ConfigError(
            "--rpm-file tells all packages and their components by itself",
            hint="leave out names, -a, -p, -c and --synthesize-debug-packages",
        )
    listed = [one for one in _listed(chosen_project(args), args) if args.channel in ("", one.published.channel)]
    rows = [
        (one.name, one.type, one.published.channel, one.published.why, one.package_group, one.component)
        for one in listed
    ]
    show(args.output, COLUMNS, rows, [record(one) for one in listed] if args.output == "json" else [])
    return 0


def record(listed: Listed) -> dict[str, object]:
    """azldev's record of a package, and why it has its channel."""
    return {
        "packageName": listed.name,
        "type": listed.type,
        "packageGroups": [listed.package_group] if listed.package_group else [],
        "componentGroups": list(listed.component_groups),
        "component": listed.component,
        "publishChannel": listed.published.channel,
        "why": listed.published.why,
    }


def _listed(project: Project, args: argparse.Namespace) -> list[Listed]:
    from boatyard.config.package_list import PackageList, read_source_map
    from boatyard.config.select import match_names

    packages = PackageList(project)
    if args.rpm_file is not None:
        return packages.of_sources(read_source_map(args.rpm_file))
    if args.component:
        project.component(args.component)
    known = packages.known()
    wanted = [*args.names, *args.pattern]
    names = set(known) if args.all or not wanted else set[str]()
    for pattern in wanted:
        names.update(match_names(pattern, known) or _plain(pattern))
    listed = packages.of_names(names, args.component)
    return packages.with_debug(listed) if args.synthesize_debug_packages else listed


def _plain(pattern: str) -> list[str]:
    """A package that no table names has a channel too; a glob without a match has none."""
    return [] if any(char in pattern for char in "*?[") else [pattern]
