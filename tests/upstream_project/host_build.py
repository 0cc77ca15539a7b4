"""Builds the project's packages with the host's rpmbuild, in an order that meets their needs, to show that they can be.

What a package needs of others is unpacked into one folder, which compiler, linker, shell and Python are told of.
Builds in buildroots are tested elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from tests.upstream_project.noarch_packages import BOOTSTRAP, BOOTSTRAP_FILES
from tests.upstream_project.package import tar_gz
from tests.upstream_project.project import OLDER, PACKAGES

from boatyard.ports.run import SEARCH_PATH, Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import Runner

FIRST = "davit"  # has been built before


def build_order() -> list[str]:
    """Every component behind those it needs; the cycle begins where there is a package already."""
    needs = {package.name: set(package.needs) - ({FIRST} if package.name == "winch" else set()) for package in PACKAGES}
    return list(TopologicalSorter(needs).static_order())


@dataclass
class HostBuild:
    """`root`: what is built so far, unpacked. `rpms`: the files, by component."""

    folder: Path
    run: Runner
    rpms: dict[str, list[Path]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def bootstrap(self) -> None:
        """Builds what the cycle begins with."""
        tree = self.folder / "trees/bootstrap"
        tree.mkdir(parents=True)
        (tree / f"{FIRST}.spec").write_text(BOOTSTRAP)
        (tree / f"{FIRST}-0.tar.gz").write_bytes(tar_gz(f"{FIRST}-0", BOOTSTRAP_FILES))
        self.build(FIRST, tree)

    def build(self, component: str, tree: Path) -> None:
        """Builds a prepared source tree."""
        usr = self.root / "usr"
        top = self.folder / "builds" / tree.name
        env = {
            "PATH": f"{usr}/bin:{SEARCH_PATH}", "CPATH": f"{usr}/include", "LIBRARY_PATH": f"{usr}/lib64",
            "LD_LIBRARY_PATH": f"{usr}/lib64", "PYTHONPATH": f"{usr}/lib/fleet", "SOURCE_DATE_EPOCH": str(OLDER),
        }  # fmt: skip
        words = ("rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {top}", "--define", f"_sourcedir {tree}")
        argv = (*words, "--define", "_libdir /usr/lib64", "--define", "dist .fleet1", f"{tree}/{component}.spec")
        top.mkdir(parents=True)
        self.run(Command(argv=argv, env=env, log=top / "log"))
        self.rpms[component] = sorted((top / "RPMS").rglob("*.rpm"))
        self.root.mkdir(exist_ok=True)
        for rpm in self.rpms[component]:
            archive = self.run(Command(argv=("rpm2cpio", str(rpm)))).stdout
            self.run(Command(argv=("cpio", "-iu", "--make-directories", "--quiet"), cwd=self.root, input=archive))
