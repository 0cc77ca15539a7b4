"""A shell where a component is built: its buildroot, its sources, no network, no rights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.artifact.codec import from_json, load
from boatyard.base.error import ConfigError, NotFoundError
from boatyard.build.buildroot import using
from boatyard.build.rpmbuild import root_environment
from boatyard.build.step import Step
from boatyard.config.model.seed import DebSpec
from boatyard.flow.build.base import base_packages
from boatyard.flow.build.run import build_graph, raise_failures
from boatyard.flow.build.task import ORDER, STEP, Order, root_of, tree_of
from boatyard.flow.depot import open_depot
from boatyard.graph.plan import first_stage
from boatyard.ports.lease import leased_dir
from boatyard.ports.sandbox import inside
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.source_tree import SourceTree
    from boatyard.config.model.component import Component
    from boatyard.flow.build.run import BuildOptions
    from boatyard.flow.yard import Yard

SHELL = ("bash", "--login")


def open_shell(yard: Yard, component: Component, options: BuildOptions, argv: Sequence[str] = ()) -> int:
    """Runs a shell, or a program, in the place where the component would be built now; its exit code.

    What it needs is built first. Sources are at /sources, /build is writable; nothing of it stays.
    """
    if isinstance(component.spec, DebSpec):
        raise ConfigError(
            f"{component.name} is a seed component, which the host repackages",
            hint="name one that is built from source",
        )
    base, _ = base_packages(yard)
    packages = {result.component: result.rpms for result in base}
    outcome = build_graph(yard, [component], packages, replace(options, until=component.name))
    raise_failures(yard, outcome)
    order = from_json(Order, outcome.results[component.name])
    with leased_dir(yard.workspace.work / "shell") as work, open_depot(yard.workspace.builds) as depot:
        return _attach(yard, order, tree_of(order.task, depot, work), work / STEP, argv, fresh=True)


def open_kept(yard: Yard, component: Component, argv: Sequence[str] = ()) -> int:
    """The same in the folder that the last build with `--keep` left; what is done there stays there."""
    places = [yard.workspace.kept / node for node in (component.name, first_stage(component.name))]
    kept = max((place for place in places if (place / ORDER).is_file()), key=_time_of, default=None)
    if kept is None:
        raise NotFoundError(
            f"no build of {component.name} was kept",
            hint=f"`boatyard component build --keep {component.name}` keeps one",
        )
    order = load(Order, kept / ORDER)
    with open_depot(yard.workspace.builds) as depot, leased_dir(yard.workspace.work / "shell") as work:
        return _attach(yard, order, tree_of(order.task, depot, work), kept / STEP, argv, fresh=False)


def _time_of(kept: Path) -> float:
    return (kept / ORDER).stat().st_mtime


def _attach(yard: Yard, order: Order, tree: SourceTree, place: Path, argv: Sequence[str], *, fresh: bool) -> int:
    task, run = order.task, yard.ports.run
    with open_depot(yard.workspace.builds) as depot, using(root_of(order, depot, run)) as root:
        step = Step(
            tree=tree,
            root=root,
            environment=root_environment(Arch(task.arch)),
            limits=task.limits,
            work=place,
            log=yard.workspace.log / "shell.log",
            run=run,
        )
        if fresh:
            step.prepare()
        return run.attached(inside(step.sandbox, step.command(*(argv or SHELL))))
