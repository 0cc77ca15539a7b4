"""`boatyard component prepare-sources`: the tree a component is built from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import chosen_components, chosen_project
from boatyard.cli.component_render import add_source_options, opened

if TYPE_CHECKING:
    import argparse


def add_prepare_sources(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `prepare-sources`."""
    parser = verbs.add_parser(
        "prepare-sources",
        help="write the sources of a component, ready to be built",
        description="Writes the spec, patches and archives of one component to a folder, after its overlays.",
    )
    add_source_options(parser)
    parser.add_argument("-o", "--output-dir", type=Path, required=True, metavar="DIR", help="the folder to write")
    parser.add_argument("-f", "--force", action="store_true", help="replace the folder if it exists")
    parser.add_argument(
        "--skip-overlays", action="store_true", help="as they come, before the configuration changes them"
    )
    parser.add_argument(
        "--skip-sources", action="store_true", help="without the archives, and so without overlays on them"
    )
    parser.add_argument(
        "--no-rpmautospec",
        dest="rpmautospec",
        action="store_false",
        help="leave %%autorelease and %%autochangelog alone",
    )
    parser.set_defaults(run=prepare)


def prepare(args: argparse.Namespace) -> int:
    """Prints the path of the spec. The folder appears whole or not at all."""
    from boatyard.flow.prepare import copy_folder
    from boatyard.flow.render import prepare_sources, spec_name
    from boatyard.ports.files import replacing_dir
    from boatyard.ports.lease import leased_dir

    project = chosen_project(args)
    components = chosen_components(project, args)
    if len(components) != 1:
        raise ConfigError(f"expected exactly one component, got {len(components)}", hint="name one component")
    target: Path = args.output_dir.absolute()
    if target.exists() and not args.force and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"output directory {target} is not empty", hint="use --force to replace it")
    if target in (project.dir, *project.dir.parents, Path.home(), *Path.home().parents):
        raise ConfigError(f"{target} holds more than sources: it is not replaced", hint="name a folder of its own")
    with opened(project, args, archives=not args.skip_sources) as (ports, options, yard, upstream):
        with (
            ports.reporter.step(f"Prepare {components[0].name}"),
            leased_dir(options.work.with_name("prepare")) as work,
        ):
            tree = work / "tree"
            tree.mkdir()
            waits = prepare_sources(
                project, components[0], options, ports, yard, upstream, tree, configured=not args.skip_overlays
            )
            with replacing_dir(target) as into:
                copy_folder(tree, into)
        if waits:
            ports.reporter.warn(
                "the spec still leaves its release or changelog to rpmautospec, which needs the program,"
                " and a git history or --changes"
            )
    print(target / spec_name(components[0]))
    return 0
