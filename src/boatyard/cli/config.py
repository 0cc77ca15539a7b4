"""`boatyard config`: the configuration as it is read, checked and explained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.table import to_json
from boatyard.config.dump import merged_json, merged_tables, origins
from boatyard.config.fault import dotted

if TYPE_CHECKING:
    import argparse

    from boatyard.config.project import Project


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    verbs = nouns.add_parser("config", help="the configuration", description=__doc__).add_subparsers(
        metavar="VERB", required=True
    )
    dump = verbs.add_parser("dump", help="all files merged, before components inherit")
    add_project(dump)
    dump.add_argument(
        "-o",
        "-O",
        "-f",
        "--output",
        "--format",
        dest="output",
        choices=("toml", "json"),
        default="toml",
        help="toml (default) or json",
    )
    dump.add_argument("--origin", action="store_true", help="each value with the file and line that sets it")
    dump.set_defaults(run=dump_config)
    check = verbs.add_parser("check", help="everything that can be known to be wrong without building")
    add_project(check)
    check.set_defaults(run=check_config)
    schema = verbs.add_parser("generate-schema", help="a JSON schema for editors")
    schema.set_defaults(run=generate_schema)


def dump_config(args: argparse.Namespace) -> int:
    """Prints the merged configuration."""
    project = chosen_project(args)
    if args.origin:
        _print_origins(project, args.output)
    elif args.output == "json":
        print(to_json(merged_json(project)))
    else:
        import rtoml

        print(rtoml.dumps(merged_tables(project), pretty=True).rstrip("\n"))
    return 0


def _print_origins(project: Project, output: str) -> None:
    found = origins(project)
    if output == "json":
        rows = [
            {"key": dotted(origin.key), "value": origin.value, "file": str(origin.file), "line": origin.line}
            for origin in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    for origin in found:
        value = json.dumps(origin.value, ensure_ascii=False, default=str)
        print(f"{origin.file}:{origin.line}: {dotted(origin.key)} = {value}")


def check_config(args: argparse.Namespace) -> int:
    """Loads everything and looks for what is missing; says what was read when all is well."""
    from boatyard.config.check import check_project

    project = chosen_project(args)
    check_project(project)
    print(
        f"{project.root}: {len(project.documents) - 1} files, {len(project.components)} components, "
        f"{len(project.images)} images; nothing is wrong"
    )
    return 0


def generate_schema(_args: argparse.Namespace) -> int:
    """Prints the schema of a configuration file."""
    from boatyard.config.schema import config_schema

    print(to_json(config_schema()))
    return 0
