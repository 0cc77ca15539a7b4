"""`boatyard component build` and `component shell`: packages, and a look at where they are built."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import add_selection, chosen_components
from boatyard.cli.engine import add_engine_options, opened_executor
from boatyard.cli.option import add_build_options, opened_yard
from boatyard.cli.upstream import add_upstream_options, upstream_of

if TYPE_CHECKING:
    import argparse

    from boatyard.flow.build.run import BuildOptions, Built
    from boatyard.flow.yard import Yard


def add_build(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `build`."""
    parser = verbs.add_parser(
        "build",
        help="build the packages of components",
        description="Builds components, and first what they are built with. What was built from the same is reused.",
    )
    add_build_options(parser)
    add_selection(parser)
    add_upstream_options(parser)
    parser.add_argument(
        "--strict", action="store_true", help="reuse only what was built with exactly the same packages"
    )
    parser.add_argument(
        "--backend", choices=("sandbox", "mock"), default="", help="what builds, instead of what the project says"
    )
    parser.add_argument(
        "--plan", choices=("A", "C", "D"), default="A", help="what stands for needs that go round in circles (A)"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folders of builds, failed ones too, for `component shell --kept`"
    )
    parser.add_argument(
        "--audit", default="", metavar="SHARE", help="build a share (1%%) of what was reused anew, and compare"
    )
    parser.add_argument("--audit-seed", default="", metavar="WORD", help="which of it is chosen (another one each day)")
    add_engine_options(parser)
    parser.set_defaults(run=build)


def add_shell(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `shell`."""
    parser = verbs.add_parser(
        "shell",
        help="a shell in the buildroot of a component",
        description="Opens a shell where the component is built: sources at /sources, /build writable, no network.",
    )
    add_build_options(parser)
    add_upstream_options(parser)
    parser.add_argument("component", metavar="COMPONENT")
    parser.add_argument("--kept", action="store_true", help="in the folder that the last `build --keep` left")
    parser.add_argument("--command", default="", metavar="TEXT", help="run this, in place of an interactive shell")
    parser.set_defaults(run=shell)


def build(args: argparse.Namespace) -> int:
    """Prints the path of every package of the components chosen, built now or before."""
    from boatyard.flow.build.run import build_components
    from boatyard.flow.depot import lay_out

    with opened_yard(args) as yard:
        components, options = chosen_components(yard.project, args), _options(yard, args)
        built = build_components(yard, components, options)
        for result in built.results:
            for path in lay_out(result, yard.workspace.packages):
                print(path)
        if args.audit:
            _audit(yard, built, options, args)
    return 0


def shell(args: argparse.Namespace) -> int:
    """The exit code of the shell."""
    from boatyard.flow.build.shell import open_kept, open_shell

    words = ("bash", "-c", args.command) if args.command else ()
    with opened_yard(args) as yard:
        component = yard.project.component(args.component)
        if args.kept:
            return open_kept(yard, component, words)
        return open_shell(yard, component, _options(yard, args), words)


def _options(yard: Yard, args: argparse.Namespace) -> BuildOptions:
    from boatyard.flow.build.run import BuildOptions
    from boatyard.flow.depot import STORE_VARIABLE
    from boatyard.graph.plan import PlanKind

    upstream = upstream_of(yard.project, yard.workspace, yard.ports, args)
    if not hasattr(args, "engine"):
        return BuildOptions(upstream=upstream)
    elsewhere = args.engine == "dask" or bool(args.scheduler)
    if elsewhere and not os.environ.get(STORE_VARIABLE):
        raise ConfigError(
            "workers elsewhere need a store that they share with this machine", hint=f"name it in {STORE_VARIABLE}"
        )
    if elsewhere and args.keep:
        raise ConfigError("--keep is for builds on this machine", hint="leave out --keep, or --scheduler")
    return BuildOptions(
        strict=args.strict,
        keep=args.keep,
        plan=PlanKind(args.plan),
        upstream=upstream,
        executor=partial(opened_executor, args, words={}),
        elsewhere=elsewhere,
        backend=args.backend,
    )


def _audit(yard: Yard, built: Built, options: BuildOptions, args: argparse.Namespace) -> None:
    from boatyard.flow.audit import audit, check_audit
    from boatyard.flow.build.run import rebuild
    from boatyard.ports import clock
    from boatyard.report.audit_text import to_text

    seed = args.audit_seed or clock.today()
    report = audit(built.reused, partial(rebuild, yard, options), share=args.audit, seed=seed)
    print(to_text(report), end="")
    check_audit(report)
