"""How long buildroots and builds in them take: `python -m bench buildroot`, as root.

With BOATYARD_RPMS, a folder of RPMs, and BOATYARD_WANTED, names of packages to install, of a distribution's own
packages; else of a package made of the host's programs. Each figure is the best of RUNS.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tests.build.host_root import data_package, host_base
from tests.spec_file import a_tree

from boatyard.artifact.build_task import Limits
from boatyard.build.buildroot import make_root
from boatyard.build.rpmbuild import build_in_root, root_environment
from boatyard.build.solve import Universe, solve
from boatyard.ports.run import Command, HostRunner
from boatyard.ports.sandbox import BUILDER, Sandbox, inside
from boatyard.rpm.header import read_rpm
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.build_result import RpmFile

RUNS = 5
Result = TypeVar("Result")
MACROS = "%_dbpath /usr/lib/sysimage/rpm\n%debug_package %{nil}\n%__os_install_post %{nil}\n%_build_id_links none\n"


def main() -> None:
    """Prints seconds."""
    run = HostRunner()
    folder = Path(tempfile.mkdtemp(prefix="bench-buildroot-"))
    folder.chmod(0o755)
    try:
        measure(folder, run)
    finally:
        run.close()
        shutil.rmtree(folder)


def measure(folder: Path, run: HostRunner) -> None:
    """Prints one line for each step."""
    arch = Arch.of_host()
    rpms, wanted = given() if "BOATYARD_RPMS" in os.environ else ([host_base(folder, run)], ["rpm-build"])
    extra = data_package(folder / "extra", "extra", run)
    solved = best("solve, from nothing", lambda _: solve(Universe([*rpms, extra]), wanted, arch))
    universe = Universe([*rpms, extra])
    solve(universe, wanted, arch)
    best("solve, again", lambda _: solve(universe, wanted, arch))
    print(f"{len(solved)} packages, {sum(rpm.size for rpm in solved) >> 20} MiB")
    base = best("base root", lambda n: make_root(solved, folder / f"base{n}", run))
    print(f"{base.size >> 20} MiB installed")
    best("base root, found and checked", lambda _: make_root(solved, folder / f"base{RUNS - 1}", run))
    best("root with one more package", lambda n: make_root([*solved, extra], folder / f"extra{n}", run, base=base))
    nothing = Sandbox(contained=True, user=BUILDER, root=base.dir)
    best("an empty sandbox", lambda _: run(inside(nothing, Command(argv=("true",)))))
    tree = a_tree(folder / "tree", "hello", tags="BuildArch: noarch")

    def build(number: int) -> object:
        work = folder / f"work{number}"
        work.mkdir()
        environment = root_environment(arch, MACROS)
        return build_in_root(tree, base, environment, Limits(), work, folder / f"log{number}", run)

    best("build of a small package, source and binary", build)


def given() -> tuple[list[RpmFile], list[str]]:
    """The packages and the names that the environment gives."""
    paths = sorted(Path(os.environ["BOATYARD_RPMS"]).rglob("*.rpm"))
    return [read_rpm(path) for path in paths], os.environ["BOATYARD_WANTED"].split()


def best(what: str, function: Callable[[int], Result]) -> Result:
    """Calls it RUNS times, prints the best time, gives the last result."""
    times = []
    for number in range(RUNS):
        started = time.perf_counter()
        result = function(number)
        times.append(time.perf_counter() - started)
    print(f"{what:45} {min(times):7.3f} s")
    return result


if __name__ == "__main__":
    main()
