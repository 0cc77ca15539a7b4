"""What a command works on: the options that choose a project and components of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.config.load import find_root, load_project, load_root
from boatyard.config.select import Selection

if TYPE_CHECKING:
    import argparse

    from boatyard.config.project import Project

SKIFF = Path(__file__).parents[1] / "data" / "skiff" / "boatyard.toml"


def add_project(parser: argparse.ArgumentParser) -> None:
    """Adds the options that choose the project and how strictly it is read."""
    group = parser.add_argument_group("project")
    group.add_argument("-C", "--project", type=Path, metavar="DIR", help="the project (default: that of this folder)")
    group.add_argument(
        "--config-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="laid over the project; repeatable",
    )
    group.add_argument("--permissive-config", action="store_true", help="ignore unknown keys")
    group.add_argument("-q", "--quiet", action="store_true", help="accepted for azldev's sake: results have no chatter")


def chosen_project(args: argparse.Namespace) -> Project:
    """The project of the command line; outside of any project it is Skiff Linux, which comes with Boatyard."""
    if args.project is None and not in_project(Path.cwd()):
        return load_root(SKIFF, config_files=args.config_file, permissive=args.permissive_config)
    return own_project(args)


def own_project(args: argparse.Namespace) -> Project:
    """The project of the command line, for commands that change it; ConfigError outside of any."""
    start = args.project or Path.cwd()
    return load_project(start, config_files=args.config_file, permissive=args.permissive_config)


def in_project(folder: Path) -> bool:
    """Whether a folder is in a project."""
    try:
        find_root(folder)
    except ConfigError:
        return False
    return True


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Adds names and the options that choose components, as azldev has them."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="components by name or glob")
    group = parser.add_argument_group("selection")
    group.add_argument("-a", "--all", action="store_true", help="every component")
    group.add_argument("-p", "--pattern", action="append", default=[], metavar="GLOB", help="as NAME; may be repeated")
    group.add_argument("-g", "--group", action="append", default=[], metavar="GROUP", help="members of a group")
    group.add_argument("-s", "--spec", type=Path, action="append", default=[], metavar="FILE", help="by a local spec")


def selection_of(args: argparse.Namespace) -> Selection:
    """The components chosen on the command line."""
    return Selection(
        names=(*args.names, *args.pattern),
        groups=tuple(args.group),
        specs=tuple(args.spec),
        everything=args.all,
    )
