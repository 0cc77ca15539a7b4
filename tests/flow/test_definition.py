"""What a component is built from: all that a build can see of its sources counts, and nothing is taken from before
that the configuration does not mean any more."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import SPEC

from boatyard.base.error import SourceError
from boatyard.build.depot import Depot
from boatyard.config.load import load_root
from boatyard.flow.build.definition import Definer, Definition, Definitions
from boatyard.flow.ports import Ports
from boatyard.flow.render import RenderOptions
from boatyard.flow.upstream import open_upstream
from boatyard.flow.workspace import Workspace
from boatyard.flow.yard import Yard
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import silent
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool
PROJECT = """
[project]
default-distro = {{ name = "yard", version = "1" }}
[distros.yard]
dist-git-base-uri = "file://{upstream}/$pkg"
[distros.yard.versions.1]
release-ver = "1"
dist-git-branch = "main"
[components.alpha]
{component}
"""
LOCAL = 'spec = { type = "local", path = "alpha/alpha.spec" }\n'
LOCK = """\
version = 1
import-commit = '{commit}'
upstream-commit = '{commit}'
input-fingerprint = 'boatyard-1:{mark}'
resolution-input-hash = 'sha256:0'
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "alpha").mkdir(parents=True)
    (folder / "locks").mkdir()
    (folder / "alpha/alpha.spec").write_text(SPEC.format(name="alpha", release="1", tags="", install=""))
    (folder / "alpha/tool.sh").write_text("#!/bin/sh\n")
    return folder


def define(folder: Path, run: HostRunner, component: str = LOCAL, *, late: bool = False) -> Definition:
    """The definition of the component as everything is now, by a run of its own. `late`: when a build asks for it."""
    upstream = folder.parent / "upstream"
    (folder / "boatyard.toml").write_text(PROJECT.format(component=component, upstream=upstream))
    loaded = load_root(folder / "boatyard.toml")
    workspace = Workspace.of(loaded.settings, folder.parent / "cache")
    ports = Ports(run, Fetcher(), silent())
    key = SimpleNamespace(public=b"key")
    yard = Yard(project=loaded, workspace=workspace, arch=Arch.X86_64, ports=ports, key=key, mirror=None)  # type: ignore[arg-type]
    how = RenderOptions(root=workspace.work / "none", locks=workspace.locks, work=workspace.work, archives=True)
    with Depot.open(folder.parent / "depot") as depot:
        definer = Definer(yard, open_upstream(loaded, workspace, ports), how, depot)
        definitions = Definitions(definer, loaded.components)
        definitions.make([] if late else ["alpha"])
        return definitions.of("alpha")


def lock(folder: Path, mark: str, commit: str = "0" * 40) -> None:
    (folder / "locks/alpha.lock").write_text(LOCK.format(commit=commit, mark=mark))


def commit(folder: Path, subject: str) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", subject]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", str(folder), *who, *words], check=True)


def test_whether_a_source_can_be_executed_counts(project: Path, run: HostRunner) -> None:
    plain = define(project, run)
    (project / "alpha/tool.sh").chmod(0o755)
    executable = define(project, run)
    assert executable.leaves == plain.leaves | {"mode of tool.sh": "executable"}
    (project / "alpha/tool.sh").chmod(0o700)
    assert define(project, run).leaves == executable.leaves, "all other bits are the same in every build"
    (project / "alpha/tool.sh").chmod(0o644)
    assert define(project, run) == plain


def test_how_the_release_goes_up_counts(project: Path, run: HostRunner) -> None:
    for number in "12":
        lock(project, number)
        commit(project, f"Change {number}")
    raised = define(project, run)
    assert define(project, run, LOCAL + 'release = { calculation = "manual" }\n').leaves != raised.leaves
    assert define(project, run) == raised


def test_what_shows_late_is_the_same(project: Path, run: HostRunner) -> None:
    for number in "12":
        lock(project, number)
        commit(project, f"Change {number}")
    late = define(project, run, late=True)
    (project.parent / "depot").rename(project.parent / "before")
    assert define(project, run) == late


def test_a_lock_that_is_committed_counts_even_when_it_is_not_there(project: Path, run: HostRunner) -> None:
    lock(project, "1")
    commit(project, "Change 1")
    (project / "locks/alpha.lock").unlink()
    once = define(project, run)
    lock(project, "2")
    commit(project, "Change 2")
    (project / "locks/alpha.lock").unlink()
    assert define(project, run).leaves["spec"] != once.leaves["spec"]


def test_a_lock_of_another_commit_than_the_pin_is_refused_even_when_the_sources_are_known(
    tmp_path: Path, project: Path, run: HostRunner
) -> None:
    upstream = tmp_path / "upstream/alpha"
    upstream.mkdir(parents=True)
    (upstream / "alpha.spec").write_bytes((project / "alpha/alpha.spec").read_bytes())
    commit(upstream, "Made")
    told = subprocess.run(["git", "-C", str(upstream), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    head = told.stdout.strip()
    lock(project, "1", head)
    pinned = 'spec = {{ type = "upstream", upstream-commit = "{}" }}\n'
    define(project, run, pinned.format(head[:9]))
    with pytest.raises(SourceError, match="lock is stale for alpha"):
        define(project, run, pinned.format("0" * 40))
