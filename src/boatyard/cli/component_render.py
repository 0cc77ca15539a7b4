"""`boatyard component render` and `component diff-sources`: what the configuration makes of specs."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError
from boatyard.cli.choice import (
    SKIFF,
    add_project,
    add_selection,
    chosen_components,
    chosen_project,
    is_quiet,
    is_verbose,
)
from boatyard.cli.option import add_mirror_options, workspace_of
from boatyard.cli.table import add_format, show, to_json
from boatyard.cli.upstream import add_upstream_options, upstream_of
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.render import Rendered, RenderOptions
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.workspace import Workspace
    from boatyard.flow.yard import Yard

MAX_ERRORS = 20  # told in full; the table has the rest
COLUMNS = ("component", "status", "changed", "output", "error")


def add_render(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `render`."""
    parser = verbs.add_parser(
        "render",
        help="write the specs as they will be built",
        description="Writes each component's spec, as its configuration makes it, and the files beside it to a folder"
        " that is kept in git. Needs no network but for sources that are not in the cache yet.",
    )
    add_source_options(parser)
    parser.add_argument("--output-dir", type=Path, metavar="DIR", help="instead of the project's rendered-specs-dir")
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace existing folders in a folder given by --output-dir"
    )
    parser.add_argument(
        "--check", "--check-only", action="store_true", help="write nothing; exit 8 if anything is stale"
    )
    parser.add_argument(
        "--no-rpmautospec",
        dest="rpmautospec",
        action="store_false",
        help="leave %%autorelease and %%autochangelog alone",
    )
    parser.add_argument("--fail-on-error", action="store_true", help="exit 5 when a component could not be rendered")
    parser.add_argument(
        "--clean-stale", action="store_true", help="with -a: remove folders of components that are no more"
    )
    add_format(parser)
    parser.set_defaults(run=render)


def add_diff_sources(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `diff-sources`."""
    parser = verbs.add_parser(
        "diff-sources",
        help="show what the configuration changes in a component's sources",
        description="Shows, as a unified diff, what overlays and settings change in the sources of one component.",
    )
    add_source_options(parser)
    parser.add_argument("--output-file", type=Path, metavar="FILE", help="write the difference there")
    parser.add_argument("-o", "-O", "--output", choices=("diff", "json"), default="diff")
    parser.set_defaults(run=diff_sources)


def add_source_options(parser: argparse.ArgumentParser, *, changes: bool = True) -> None:
    """The project, the components and where their sources come from. `changes`: their number may be given."""
    add_project(parser)
    add_selection(parser)
    group = parser.add_argument_group("sources")
    group.add_argument(
        "--sources-dir", type=Path, metavar="DIR", help="take upstream components from dist-git checkouts in it"
    )
    if changes:
        group.add_argument(
            "--changes", type=int, metavar="N", help="take it that each component changed N times; do not ask git"
        )
    else:
        parser.set_defaults(changes=None)
    group.add_argument(
        "--bump-rule", choices=("strict", "leading-integer"), default="strict",
        help="which static releases can go up: N and N%%{?dist} (strict), or whatever begins with an integer",
    )  # fmt: skip
    group.add_argument("--work", type=Path, metavar="DIR", help="put intermediate results there")
    add_mirror_options(parser)
    add_upstream_options(parser)


def render(args: argparse.Namespace) -> int:
    """Renders the components selected; one line for each.

    Exit code 8 when something is stale and `--check` was given, 5 on failures with `--fail-on-error`.
    """
    from boatyard.flow.render import remove_stale, render_components, stale_folders

    project = chosen_project(args)
    components = chosen_components(project, args)
    if args.clean_stale and not args.all:
        raise ConfigError("--clean-stale is for all components", hint="add -a")
    with opened(project, args) as (ports, options, yard, upstream):
        _refuse_overwriting(args, options, components)
        results = render_components(project, components, options, ports, yard, upstream)
        orphans = stale_folders(project, options.root) if args.clean_stale else []
        if not args.check:
            remove_stale(orphans)
        _tell(results, ports)
    show(args.output, COLUMNS, [_row(result) for result in results], [_record(result) for result in results])
    failed = [result for result in results if result.error is not None]
    if args.check:
        _check_fresh(results, orphans)
    demanded = failed if args.fail_on_error else [one for one in failed if one.unavailable and args.check]
    if demanded and demanded[0].error is not None:
        raise demanded[0].error
    return 0


def diff_sources(args: argparse.Namespace) -> int:
    """Prints what the configuration changes in the sources of one component."""
    from boatyard.flow.render import lay_out_both
    from boatyard.ports.files import temporary_dir, write_atomic
    from boatyard.render.tree import compare_trees, unified_diff

    project = chosen_project(args)
    components = chosen_components(project, args)
    if len(components) != 1:
        raise ConfigError(f"expected exactly one component, got {len(components)}", hint="name one component")
    with opened(project, args) as (ports, options, yard, upstream), temporary_dir(options.work) as work:
        before, after = lay_out_both(project, components[0], options, ports, yard, work, upstream)
        texts = [(change, unified_diff(before, after, change)) for change in compare_trees(before, after)]
    if args.output == "json":
        files = [{"path": change.path, "status": change.status, "diff": text} for change, text in texts]
        text = to_json({"component": components[0].name, "files": files}) + "\n"
    else:
        text = "".join(text for _, text in texts)
    data = text.encode("utf-8", "surrogateescape")
    if args.output_file is not None:
        write_atomic(args.output_file, data)
    else:
        sys.stdout.buffer.write(data)
    return 0


@contextmanager
def opened(
    project: Project, args: argparse.Namespace, *, archives: bool = False
) -> Iterator[tuple[Ports, RenderOptions, Callable[[], Yard], Upstream]]:
    """What a verb that prepares sources works with; nothing is left running afterwards."""
    from boatyard.cli.session import session
    from boatyard.flow.autospec import find_rpmautospec
    from boatyard.flow.build.script_root import with_script_roots
    from boatyard.flow.render import RenderOptions
    from boatyard.render.release import BumpRule

    if args.changes is not None and args.changes < 0:
        raise ConfigError("--changes must not be negative")
    workspace = workspace_of(project, args.work)
    root = workspace.work.parent / "specs" if project.root == SKIFF else project.settings.rendered_specs_dir
    options = RenderOptions(
        root=(getattr(args, "output_dir", None) or root).absolute(),
        locks=workspace.locks,
        work=workspace.work.absolute() / "render",
        checkouts=args.sources_dir,
        changes=args.changes,
        rule=BumpRule(args.bump_rule),
        rpmautospec=find_rpmautospec() if getattr(args, "rpmautospec", False) else None,
        check=getattr(args, "check", False),
        archives=archives,
    )
    with session(workspace.log, quiet=is_quiet(args), verbose=is_verbose(args)) as ports:
        yard = partial(_open_yard, project, workspace, ports, args)
        yield ports, options, yard, with_script_roots(upstream_of(project, workspace, ports, args), yard)


def _open_yard(project: Project, workspace: Workspace, ports: Ports, args: argparse.Namespace) -> Yard:
    from boatyard.flow.yard import open_yard

    return open_yard(
        project, workspace, Arch.of_host(), ports, mirror=args.mirror, security_mirror=args.security_mirror
    )


def _refuse_overwriting(args: argparse.Namespace, options: RenderOptions, components: Sequence[Component]) -> None:
    """A folder named by hand may hold something else; that of the project is there to be replaced."""
    from boatyard.render.layout import spec_dir

    if args.output_dir is None or args.force or args.check:
        return
    there = next((path for c in components if (path := spec_dir(options.root, c.name)).exists()), None)
    if there is not None:
        raise ConfigError(f"output directory {there} already exists", hint="use --force to replace it")


def _row(result: Rendered) -> tuple[str, ...]:
    error = result.error.problems[0].what if result.error else ""
    return (result.component, "error" if error else "ok", "yes" if result.changed else "no", str(result.dir), error)


def _record(result: Rendered) -> dict[str, object]:
    record: dict[str, object] = {
        "component": result.component,
        "outputDir": str(result.dir),
        "status": "error" if result.error else "ok",
        "changed": result.changed,
    }
    if result.error:
        record["error"] = str(result.error)
    if result.differences:
        record["files"] = [{"path": one.path, "status": one.status} for one in result.differences]
    return record


def _tell(results: Sequence[Rendered], ports: Ports) -> None:
    failed = [result.error for result in results if result.error is not None]
    for error in failed[:MAX_ERRORS]:
        print(error, file=sys.stderr)
    if len(failed) > MAX_ERRORS:
        print(f"and {len(failed) - MAX_ERRORS} more errors, one for each such row", file=sys.stderr)
    waiting = sum(result.unexpanded for result in results)
    if waiting:
        ports.reporter.warn(
            f"{waiting} specs still leave their release or changelog to rpmautospec, which needs the program,"
            " and a git history or --changes"
        )


def _check_fresh(results: Sequence[Rendered], orphans: Sequence[Path]) -> None:
    stale = [result.component for result in results if result.changed]
    if stale or orphans:
        names = [*stale, *(f"{path} (no component)" for path in orphans)]
        shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        raise CheckError(
            f"rendered output is stale; {len(names)} component(s) would change: {shown}",
            hint="`boatyard component render` writes them anew",
        )
