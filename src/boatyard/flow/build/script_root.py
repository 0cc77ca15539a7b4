"""Root file systems for source scripts that ask for packages (`mock-packages`): made like buildroots, used once."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.build.buildroot import copy_root, make_root, using
from boatyard.build.solve import Universe, solve
from boatyard.flow.build.base import base_packages
from boatyard.flow.build.repository import open_repositories
from boatyard.flow.depot import open_depot
from boatyard.flow.source_script import OUTPUT, SCRIPT
from boatyard.ports.lease import leased_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from boatyard.flow.upstream import Upstream
    from boatyard.flow.yard import Yard

PACKAGES = ("bash", "coreutils", "util-linux")  # what a script is started with


def with_script_roots(upstream: Upstream, yard: Callable[[], Yard]) -> Upstream:
    """The means to get upstream sources, with roots for scripts; `yard` is asked for when the first is wanted."""
    if upstream.scripts is None:
        return upstream

    @contextmanager
    def root(packages: Sequence[str]) -> Iterator[Path]:
        with script_root(yard(), packages) as place:
            yield place

    return replace(upstream, scripts=replace(upstream.scripts, root=root))


@contextmanager
def script_root(yard: Yard, packages: Sequence[str]) -> Iterator[Path]:
    """A root with packages of the project's seeds and of the repositories that builds draw from; gone afterwards."""
    base, _ = base_packages(yard)
    run, workspace = yard.ports.run, yard.workspace
    with open_depot(workspace.builds) as depot:
        repositories = open_repositories(yard, depot)
        universe = Universe((rpm for result in base for rpm in result.rpms), repositories.folders)
        chosen = repositories.fetch(solve(universe, (*PACKAGES, *packages), yard.arch, who="a source script"))
        made = make_root(chosen, workspace.buildroots, run)
        with using(made), leased_dir(workspace.work / "script") as work:
            place = work / "root"
            copy_root(made.dir, place, workspace.log / "script-root.log", run)
            for folder in (SCRIPT, OUTPUT):
                (place / folder.lstrip("/")).mkdir(parents=True)
            yield place
