"""`boatyard component`: the components of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from boatyard.base.error import ConfigError
from boatyard.cli.choice import SKIFF, add_project, add_selection, chosen_project, own_project, selection_of
from boatyard.cli.component_build import add_build, add_shell
from boatyard.cli.component_past import add_changed, add_history
from boatyard.cli.component_render import add_diff_sources, add_render
from boatyard.cli.component_sources import add_prepare_sources
from boatyard.cli.component_update import add_update
from boatyard.cli.table import add_format, render_pairs, show, to_json
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.config.model.overlay import type_of
from boatyard.config.model.seed import DebSpec

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from boatyard.config.model.component import Component, Spec
    from boatyard.config.project import Project

COLUMNS = ("name", "type", "source", "overlays", "groups")


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    verbs = nouns.add_parser("component", aliases=["comp"], help="components", description=__doc__).add_subparsers(
        metavar="VERB", required=True
    )
    add_list(verbs)
    add_query(verbs)
    add_add(verbs)
    add_update(verbs)
    add_build(verbs)
    add_shell(verbs)
    add_render(verbs)
    add_diff_sources(verbs)
    add_prepare_sources(verbs)
    add_changed(verbs)
    add_history(verbs)


def add_list(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser("list", help="components with all they inherit")
    add_project(parser)
    add_selection(parser)
    add_format(parser)
    parser.set_defaults(run=list_components)


def add_query(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser("query", help="components in full, with the line that defines each")
    add_project(parser)
    add_selection(parser)
    parser.add_argument("-o", "-O", "--output", choices=("table", "json"), default="table")
    parser.set_defaults(run=query_components)


def add_add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser("add", help="add components to the root file of the project")
    add_project(parser)
    parser.add_argument("names", nargs="+", metavar="NAME")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--spec", metavar="FILE", help="a local spec (for one NAME)")
    kind.add_argument("--commit", metavar="HASH", help="an upstream commit to stay at (for one NAME)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="print what would be added; write nothing")
    kind.add_argument("--deb", action="store_true", help="repackaged from the Debian source package of that name")
    parser.set_defaults(run=add_components)


def list_components(args: argparse.Namespace) -> int:
    """One line for each component selected; all of them when nothing is."""
    project = chosen_project(args)
    components = selected(project, args)
    rows = _rows(components) if args.output != "json" else []
    data = _data(project, components) if args.output == "json" else None
    show(args.output, COLUMNS, rows, data)
    return 0


def query_components(args: argparse.Namespace) -> int:
    """Everything about each component selected."""
    project = chosen_project(args)
    components = selected(project, args)
    if args.output == "json":
        data = [
            record | {"where": str(project.where("components", component.name) or component.file)}
            for component, record in zip(components, _data(project, components), strict=True)
        ]
        print(to_json(data))
    else:
        print("\n\n".join(render_pairs(_pairs(project, component)) for component in components))
    return 0


def add_components(args: argparse.Namespace) -> int:
    """Appends tables to the root file; the rest of the file stays as it is."""
    from boatyard.config.edit import new_component_tables
    from boatyard.ports.files import write_atomic

    project = own_project(args)
    if (args.spec or args.commit) and len(args.names) > 1:
        raise ConfigError("--spec and --commit are for one component", hint="add the others by a second command")
    spec: dict[str, str] = {}
    if args.spec:
        spec = {"type": "local", "path": args.spec}
    elif args.commit:
        spec = {"type": "upstream", "upstream-commit": args.commit}
    elif args.deb:
        spec = {"type": "deb"}
    text = new_component_tables(project, args.names, spec)
    if args.dry_run:
        print(text.removeprefix(project.root.read_text(encoding="utf-8").rstrip("\n")).lstrip("\n"), end="")
        return 0
    write_atomic(project.root, text, mode=project.root.stat().st_mode & 0o777)
    print("\n".join(f"added {name} to {project.root}" for name in args.names))
    return 0


def selected(project: Project, args: argparse.Namespace) -> list[Component]:
    """The components chosen on the command line; all of them when nothing is."""
    from boatyard.config.select import Selection, select

    selection = selection_of(args)
    return select(project, Selection(everything=True) if selection.empty else selection)


def _data(project: Project, components: list[Component]) -> list[dict[str, object]]:
    from boatyard.config.dump import component_json
    from boatyard.flow.locked import read_locked

    locked = read_locked(components, locks_of(project))
    specs = project.settings.rendered_specs_dir
    records = [component_json(component, specs) for component in components]
    return [
        record | {"locked": locked[component.name]} if component.name in locked else record
        for component, record in zip(components, records, strict=True)
    ]


def locks_of(project: Project) -> Path:
    """The folder of a project's locks; those of Skiff, which cannot be written to, are below the folder at hand."""
    if project.root == SKIFF:
        from boatyard.cli.option import SKIFF_WORK

        return SKIFF_WORK.absolute() / "locks"
    return project.settings.lock_dir


def _rows(components: list[Component]) -> list[tuple[str, ...]]:
    """The row of each component; thousands of components have one and the same spec, looked at once."""
    specs = {id(component.spec): component.spec for component in components}
    told = {key: (str(spec.__struct_config__.tag) or "?", source_of(spec)) for key, spec in specs.items()}
    return [
        (
            component.name,
            *told[id(component.spec)],
            str(len(component.overlays)) if component.overlays else "",
            " ".join(component.groups),
        )
        for component in components
    ]


def source_of(spec: Spec) -> str:
    """Where a spec comes from, in a few words: `fedora 43`, `fedora 43 @1a2b3c4d`, `bash.spec`."""
    if isinstance(spec, DebSpec):
        return spec.source
    if isinstance(spec, LocalSpec):
        return spec.path.name
    if not isinstance(spec, UpstreamSpec):
        return ""
    words = [spec.upstream_distro.name, spec.upstream_distro.version]
    if spec.upstream_name:
        words.append(spec.upstream_name)
    if spec.upstream_commit:
        words.append(f"@{spec.upstream_commit[:12]}")
    return " ".join(word for word in words if word)


def _pairs(project: Project, component: Component) -> dict[str, str]:
    build = component.build
    reference = getattr(component.spec, "upstream_distro", None)
    return {
        "name": component.name,
        "type": str(component.spec.__struct_config__.tag),
        "source": source_of(component.spec),
        "snapshot": reference.snapshot if reference else "",
        "where": str(project.where("components", component.name) or component.file),
        "groups": " ".join(component.groups),
        "release": component.release.calculation,
        "with": " ".join(build.with_),
        "without": " ".join(build.without),
        "defines": " ".join(f"{name}={value}" for name, value in build.defines.items()),
        "%check": f"skipped: {build.check.skip_reason}" if build.check.skip else "",
        "source files": " ".join(source.filename for source in component.source_files),
        "overlays": "\n".join(
            f"{number}. {type_of(overlay)}" + (f" ({overlay.description})" if overlay.description else "")
            for number, overlay in enumerate(component.overlays, 1)
        ),
        "channel": msgspec.to_builtins(component.publish).get("rpm-channel", ""),
    }
