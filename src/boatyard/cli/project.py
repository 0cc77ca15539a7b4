"""`boatyard project`: a distribution of one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.load import AZLDEV_ROOT, OWN_ROOT
from boatyard.ports.files import write_atomic

if TYPE_CHECKING:
    import argparse

IGNORED = "/build/\n/out/\n"
TEMPLATE = """\
# A distribution built by Boatyard. `boatyard config check` tells what is wrong with this file,
# `boatyard component add NAME` adds to it, `boatyard config dump --origin` shows where each value comes from.

[project]
description = {name}
default-distro = {{ name = {name}, version = "1.0" }}

[distros.{name}]
default-version = "1.0"

[distros.{name}.versions."1.0"]
release-ver = "1.0"

# The repositories packages are published to; clients get all of them.
[channels.base]
description = "The distribution itself"

[channels.vendor]
description = "The vendor's own packages"

[default-package-config]
publish = {{ rpm-channel = "base" }}

# Every spec in the folder is a component.
[component-groups.default]
specs = ["**/*.spec"]
excluded-paths = ["build/**", "out/**"]
"""


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    verbs = nouns.add_parser("project", help="a distribution of one's own", description=__doc__).add_subparsers(
        metavar="VERB", required=True
    )
    new = verbs.add_parser("new", help="a project in a new folder")
    new.add_argument("path", type=Path, metavar="DIR")
    new.set_defaults(run=new_project)
    init = verbs.add_parser("init", help="a project in a folder that is there")
    init.add_argument("path", type=Path, metavar="DIR", nargs="?", default=Path())
    init.set_defaults(run=init_project)


def new_project(args: argparse.Namespace) -> int:
    """Makes a folder with a project in it; the folder must be new or empty."""
    folder = Path.cwd() / args.path
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise ConfigError(f"{args.path} exists and is not empty", hint="choose another folder, or use `project init`")
    write_project(folder)
    print(f"made {args.path / OWN_ROOT}")
    return 0


def init_project(args: argparse.Namespace) -> int:
    """Makes a folder a project; other files stay as they are."""
    folder = Path.cwd() / args.path
    if not folder.is_dir():
        raise ConfigError(f"{args.path} is no folder", hint="`boatyard project new DIR` makes one")
    write_project(folder)
    print(f"made {args.path / OWN_ROOT}")
    return 0


def write_project(folder: Path) -> None:
    """Writes a root file, and a .gitignore where there is none. ConfigError where there is a project already."""
    for name in (OWN_ROOT, AZLDEV_ROOT):
        if (folder / name).exists():
            raise ConfigError("there is a project already", where=Where(folder / name))
    # A name that is good for packages and files, made of the folder's.
    name = re.sub(r"[^a-z0-9-]+", "-", folder.resolve().name.lower()).strip("-") or "distro"
    write_atomic(folder / OWN_ROOT, TEMPLATE.format(name=json.dumps(name)))
    if not (folder / ".gitignore").exists():
        write_atomic(folder / ".gitignore", IGNORED)
