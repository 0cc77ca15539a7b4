"""Source packages, and what they require to be built: found inside a buildroot, never by this machine's rpm.

Macros of a spec run programs, so a spec is expanded where it is built. What %generate_buildrequires adds is found by
building up to there (rpmbuild -br), with more in the root each time, until nothing is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_task import Requirements
from boatyard.artifact.buildroot import Srpm
from boatyard.base.error import BuildError
from boatyard.build.step import SOURCES, Step

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.build_task import Limits
    from boatyard.artifact.buildroot import Root
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.build.rpmbuild import BuildEnvironment
    from boatyard.ports.run import HostRunner

MISSING_REQUIRES = 11  # rpmbuild's exit code when %generate_buildrequires asked for what is not there


def make_srpm(
    tree: SourceTree, root: Root, environment: BuildEnvironment, limits: Limits, work: Path, log: Path, run: HostRunner
) -> Srpm:
    """The source package of a tree, made in a root that has rpmbuild; `work` is an empty folder, where it stays."""
    step = Step(tree=tree, root=root, environment=environment, limits=limits, work=work, log=log, run=run)
    step.prepare()
    return build_srpm(step)


def build_srpm(step: Step) -> Srpm:
    """The same, in a place that is prepared."""
    step.rpmbuild("-bs", "--nodeps", f"{SOURCES}/{step.tree.spec}")
    found = step.packages("SRPMS")
    if len(found) != 1:
        raise BuildError(f"{step.tree.component} gives {len(found)} source packages, not one")
    requires, dynamic = step.requires_of(f"/build/SRPMS/{found[0].path.name}")
    return Srpm(rpm=structs.replace(found[0], arch="src"), requires=requires, dynamic=dynamic)


def generate_requires(
    tree: SourceTree, root: Root, environment: BuildEnvironment, limits: Limits, work: Path, log: Path, run: HostRunner
) -> Requirements:
    """What a tree requires, as far as %generate_buildrequires can tell in this root.

    `complete`: the root has all of it. Otherwise the same is asked again in a root that has what is required now; when
    two answers are the same and not complete, the package asks for what changes nothing, and the caller should give up.
    """
    step = Step(tree=tree, root=root, environment=environment, limits=limits, work=work, log=log, run=run)
    step.prepare()
    ended = step.rpmbuild("-br", f"{SOURCES}/{tree.spec}", ok=(0, MISSING_REQUIRES))
    found = step.packages("SRPMS")
    if len(found) != 1:
        raise BuildError(f"{tree.component} gives {len(found)} source packages, not one")
    requires, _ = step.requires_of(f"/build/SRPMS/{found[0].path.name}")
    return Requirements(component=tree.component, requires=requires, complete=ended.code == 0)
