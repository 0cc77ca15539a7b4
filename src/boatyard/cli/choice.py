"""What a command works on: the options that choose a project and components of it."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boatyard.base.error import ConfigError

if TYPE_CHECKING:
    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.config.select import Selection

SKIFF = Path(__file__).parents[1] / "data" / "skiff" / "boatyard.toml"


def add_project(parser: argparse.ArgumentParser) -> None:
    """Adds the options that choose the project and how it is read."""
    _add_options(parser.add_argument_group("project"), "config_files")


def add_outer(parser: argparse.ArgumentParser) -> None:
    """Adds the same options to the parser of the nouns: `boatyard -C DIR component list`."""
    _add_options(parser.add_argument_group("project, here or after the verb"), "outer_config_files")


def _add_options(group: argparse._ArgumentGroup, config_files: str) -> None:
    # No option has a default, or that of a verb would hide what stands before the noun; `_told` knows the defaults.
    def add(*names: str, **keywords: Any) -> None:
        group.add_argument(*names, default=argparse.SUPPRESS, **keywords)

    add("-C", "--project", type=Path, metavar="DIR", help="the project (default: that of this folder)")
    laid_over = "laid over the project; repeatable"
    add("--config-file", dest=config_files, type=Path, action="append", metavar="FILE", help=laid_over)
    add("--no-default-config", action="store_true", help="without the layouts of repository sets that are built in")
    add("--permissive-config", action="store_true", help="ignore unknown keys; what is wrong with names is a warning")
    add("-q", "--quiet", action="store_true", help="only results and errors")
    add("-v", "--verbose", action="store_true", help="every step, and every file that is read")
    add("-y", "--accept-all", action="store_true", help=argparse.SUPPRESS)  # azldev's; nothing is asked here
    add("--color", choices=("always", "auto", "never"), help=argparse.SUPPRESS)  # azldev's; nothing is coloured here


def _told(args: argparse.Namespace, name: str, otherwise: Any) -> Any:
    return getattr(args, name, otherwise)


def is_quiet(args: argparse.Namespace) -> bool:
    """Whether only results and errors are wanted."""
    return bool(_told(args, "quiet", False))


def is_verbose(args: argparse.Namespace) -> bool:
    """Whether every step is to be told."""
    return bool(_told(args, "verbose", False))


def chosen_project(args: argparse.Namespace) -> Project:
    """The project of the command line; outside of any project it is Skiff Linux, which comes with Boatyard."""
    outside = _told(args, "project", None) is None and not in_project(Path.cwd())
    return _load(args, SKIFF, ()) if outside else own_project(args)


def own_project(args: argparse.Namespace) -> Project:
    """The project of the command line, for commands that change it; ConfigError outside of any."""
    from boatyard.config.load import find_root, user_files

    return _load(args, find_root(_told(args, "project", None) or Path.cwd()), user_files(os.environ))


def _load(args: argparse.Namespace, root: Path, user: tuple[Path, ...]) -> Project:
    from boatyard.config.load import load_root

    gc.disable()  # what is read lives to the end; looking through it again and again takes a tenth of the time
    try:
        project = load_root(
            root,
            config_files=(*user, *_told(args, "outer_config_files", ()), *_told(args, "config_files", ())),
            permissive=_told(args, "permissive_config", False),
            defaults=not _told(args, "no_default_config", False),
        )
    finally:
        gc.freeze()
        gc.enable()
    if is_verbose(args):
        print("\n".join(f"read {document.path}" for document in project.documents), file=sys.stderr)
    if project.warnings and not is_quiet(args):
        from boatyard.config.fault import to_error

        print("\n".join(f"warning: {one}" for one in to_error(project.warnings).problems), file=sys.stderr)
    return project


def in_project(folder: Path) -> bool:
    """Whether a folder is in a project."""
    from boatyard.base.error import ConfigError
    from boatyard.config.load import find_root

    try:
        find_root(folder)
    except ConfigError:
        return False
    return True


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Adds names and the options that choose components, as azldev has them."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="components by name or glob")
    group = parser.add_argument_group("selection")
    group.add_argument("-a", "--all", "--all-components", action="store_true", help="every component")
    group.add_argument(
        "-p", "--pattern", "--component", action="append", default=[], metavar="GLOB", help="as NAME; may be repeated"
    )
    group.add_argument(
        "-g", "--group", "--component-group", action="append", default=[], metavar="GROUP", help="members of a group"
    )
    group.add_argument(
        "-s", "--spec", "--spec-path", type=Path, action="append", default=[], metavar="FILE", help="by a local spec"
    )
    # azldev's, which has to be told not to refuse components for their locks
    group.add_argument("--skip-lock-validation", action="store_true", help=argparse.SUPPRESS)


def selection_of(args: argparse.Namespace) -> Selection:
    """The components chosen on the command line."""
    from boatyard.config.select import Selection

    return Selection(
        names=(*args.names, *args.pattern),
        groups=tuple(args.group),
        specs=tuple(args.spec),
        everything=args.all,
    )


def chosen_components(project: Project, args: argparse.Namespace) -> list[Component]:
    """The components selected; ConfigError when the command line selects none."""
    from boatyard.config.select import select

    selection = selection_of(args)
    if selection.empty:
        raise ConfigError("no components were selected", hint="name some, or give -a for all of them")
    return select(project, selection)
