"""A dnf repository to build from: what Skiff's buildroots are made of, and Python, signed by Skiff's key.

The packages come from the user's store of builds, where a run of the demo leaves them; what is not there is built.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.build.solve import Universe, solve
from boatyard.cli.choice import SKIFF
from boatyard.config.load import load_root
from boatyard.config.model.seed import DebSpec
from boatyard.flow.build.seed import build_seeds
from boatyard.flow.lock import lock_today
from boatyard.flow.ports import Ports
from boatyard.flow.source import plan_sources
from boatyard.flow.workspace import Workspace, cache_dir
from boatyard.flow.yard import open_yard
from boatyard.ports.files import link_or_copy, locked, replacing_dir
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import Reporter
from boatyard.repo.repodata import write_repodata
from boatyard.repo.signed import SignedStore
from boatyard.rpm.signature import sign_file
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

# What the components of the project rely on, and what the specs do.
PACKAGES = (
    "bash", "binutils", "coreutils", "cpio", "diffutils", "file", "findutils", "gawk", "gcc", "glibc-devel", "grep",
    "gzip", "make", "patch", "python3", "rpm", "sed", "skiff-rpm-macros", "tar",
)  # fmt: skip
KEY = "RPM-GPG-KEY"


def make_seed_repository(run: HostRunner) -> Path:
    """The folder of the repository, its key in it; made anew in each run, mostly of links."""
    work = Path(os.environ.get("BOATYARD_TEST_WORK", "build/test")).absolute() / "seed"
    project = load_root(SKIFF)
    ports = Ports(run, Fetcher(), Reporter())
    yard = open_yard(project, Workspace.under(work, cache_dir(os.environ)), Arch.of_host(), ports)
    below = [project.components[name] for name in project.buildroot.bootstrap]
    below += [one for one in project.components.values() if isinstance(one.spec, DebSpec)]
    with locked(work / "test.lock"):
        lock_today(yard, below)
        results, _ = build_seeds(yard, plan_sources(yard, below))
        universe = Universe(rpm for result in results for rpm in result.rpms)
        rpms = solve(universe, PACKAGES, yard.arch)
        signed = SignedStore(yard.workspace.signed, yard.key)
        signed.sign(rpms, run, ports.reporter)
        with replacing_dir(work / "repository") as folder:
            for rpm in rpms:
                link_or_copy(signed.path(rpm), folder / rpm.file_name)
            write_repodata(folder, [rpm.file_name for rpm in rpms])
            repomd = folder / "repodata/repomd.xml"
            repomd.with_suffix(".xml.asc").write_bytes(sign_file(repomd, yard.key, run))
            (folder / KEY).write_bytes(yard.key.public)
    return work / "repository"
