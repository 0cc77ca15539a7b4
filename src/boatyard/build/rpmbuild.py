"""rpmbuild, in two ways, both in a sandbox without network.

- The `host` back end: the host's own rpmbuild, the host read-only, one writable folder, no capability; right for
  components that only repackage files (seed components and data packages).
- The `sandbox` back end: the rpmbuild of a buildroot made of the distribution's own packages; for everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.digest import fingerprint
from boatyard.base.error import BuildError, ToolError
from boatyard.build.srpm import build_srpm
from boatyard.build.step import BUILD, SOURCES, Step
from boatyard.ports.files import write_atomic
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside
from boatyard.rpm.header import is_whole, read_rpm

if TYPE_CHECKING:
    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.build_task import Limits
    from boatyard.artifact.buildroot import Root
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.ports.run import HostRunner, Runner
    from boatyard_boot.arch import Arch

RECIPE = 1  # raised when this file changes what a build gives
MACROS = Path(__file__).parents[1] / "data" / "rpmbuild.macros"
ROOT_MACROS = Path(__file__).parents[1] / "data" / "buildroot.macros"
TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnvironment:
    """All that a build depends on besides its source tree. `macros` is the text of a macro file."""

    arch: Arch
    rpmbuild: str
    macros: str
    recipe: int = RECIPE


def find_environment(arch: Arch, run: Runner) -> BuildEnvironment:
    """The environment this host gives; ToolError when rpmbuild or bubblewrap is missing."""
    version = run(Command(argv=("rpmbuild", "--version"))).text.strip()
    run(Command(argv=("bwrap", "--version")))
    return BuildEnvironment(arch=arch, rpmbuild=version, macros=MACROS.read_text(encoding="utf-8"))


def root_environment(arch: Arch, macros: str = "") -> BuildEnvironment:
    """That of builds in a buildroot, which brings its own rpmbuild; `macros`: the component's, which win."""
    text = ROOT_MACROS.read_text(encoding="utf-8")
    return BuildEnvironment(arch=arch, rpmbuild="", macros=f"{text}{macros}")


def build_key(tree_key: str, environment: BuildEnvironment) -> str:
    """Identifies a build by everything that goes in; equal keys give equal packages."""
    return fingerprint([tree_key, environment])


def run_build(
    tree: SourceTree, environment: BuildEnvironment, work: Path, log: Path, run: Runner
) -> tuple[RpmFile, ...]:
    """Builds the binary RPMs of a tree below the empty folder `work`; BuildError with the last lines of the log."""
    build = work / "build"
    # --load comes too early: --target makes rpm read its configuration again, and the user's file is the last of it.
    write_atomic(build / ".rpmmacros", environment.macros)
    sandbox = Sandbox(
        read_only=((tree.dir, "/sources"),),
        writable=((build, "/build"),),
    )
    epoch = max(tree.epoch, 1)  # rpm takes 0 for no date at all, and then keeps the times of this run
    command = Command(
        argv=(
            "rpmbuild", "-bb", "--nodeps",
            "--target", f"{environment.arch}-linux",
            "--define", "_topdir /build",
            "--define", "_sourcedir /sources",
            "--define", "_dbpath /build/rpmdb",
            "--define", "_tmppath /build",
            f"/sources/{tree.spec}",
        ),
        cwd=Path("/build"),
        env={"SOURCE_DATE_EPOCH": str(epoch), "HOME": "/build"},
        log=log,
        timeout_s=TIMEOUT_S,
    )  # fmt: skip
    try:
        run(inside(sandbox, command))
    except ToolError as error:
        if "no space left" in str(error):
            raise
        raise BuildError(f"{tree.component} does not build", detail=_cause(error), hint=f"whole log: {log}") from error
    rpms = tuple(read_rpm(path) for path in sorted((build / "RPMS").rglob("*.rpm")))
    if not rpms:
        raise BuildError(f"{tree.component} builds, but gives no package", hint=f"has {tree.spec} a %files section?")
    for rpm in rpms:
        if not is_whole(rpm.path):
            raise ToolError(
                f"rpmbuild: no space left on the disk, or it fails: {rpm.file_name} was not written whole",
                hint="free some space and run the same command again: it goes on where it stopped",
            )
    return rpms


def build_in_root(
    tree: SourceTree, root: Root, environment: BuildEnvironment, limits: Limits, work: Path, log: Path, run: HostRunner
) -> tuple[RpmFile, tuple[RpmFile, ...]]:
    """The source package and the binary packages of a tree, built in a root that has all it requires.

    They stay below the empty folder `work`. The binary packages are made of what is in the source package, and
    nothing else. BuildError with the cause, OutOfMemoryError, ToolError when this machine cannot.
    """
    step = Step(tree=tree, root=root, environment=environment, limits=limits, work=work, log=log, run=run)
    step.prepare()
    srpm = build_srpm(step)
    step.keep_only(srpm.rpm)
    step.rpmbuild("-rb", f"{SOURCES}/{srpm.rpm.path.name}", sources=f"{BUILD}/SOURCES")
    rpms = step.packages("RPMS")
    if not rpms:
        raise BuildError(f"{tree.component} builds, but gives no package", hint=f"has {tree.spec} a %files section?")
    return srpm.rpm, rpms


def _cause(error: ToolError) -> str:
    """rpm's own error lines of a failed build when there are any, the last lines else."""
    lines = error.problems[0].detail.splitlines()
    told = [line for line in lines if line.lstrip().startswith(("error:", "Bad exit status", "File not found"))]
    return "\n".join(told or lines)
