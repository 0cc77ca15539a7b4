"""The repositories that buildroots draw from: which they are, and that only what their keys signed comes of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.rpm.rpm_file import Package, write
from tests.spec_file import a_tree

from boatyard.base.error import TrustError
from boatyard.build.depot import Depot
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.build.solve import Universe, solve
from boatyard.config.load import load_root
from boatyard.flow.build.repository import Repositories, build_repositories, last_repositories, open_repositories
from boatyard.flow.ports import Ports
from boatyard.flow.workspace import Workspace
from boatyard.flow.yard import Yard, open_yard
from boatyard.ports.http import Fetcher, Patience
from boatyard.ports.progress import silent
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.key import SigningKey, find_or_make_key
from boatyard.rpm.signature import sign_rpms
from boatyard.sources.rpm_repository import RpmRepository
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.run import HostRunner

PROJECT = """\
[project]
default-distro = {{ name = "yard", version = "1" }}
[distros.yard.versions.1]
release-ver = "9"
inputs.rpm-build = [{{ repo = "sea" }}, {{ set = "ours" }}, {{ repo = "arm" }}]
[resources.rpm-repos.sea]
base-uri = "{url}/$releasever/$basearch/${{arch}}/$other"
gpg-key = "{url}/key"
[resources.rpm-repos.arm]
metalink = "{url}/metalink?arch=$basearch"
disable-gpg-check = true
arches = ["aarch64"]
[resources.rpm-repo-set-templates.two]
subrepos = [{{ name = "base", subpath = "base/$basearch" }}, {{ name = "src", subpath = "src", kind = "source" }}]
[resources.rpm-repo-sets.ours]
template = "two"
base-uri = "{url}/ours"
name-prefix = "our-"
disable-gpg-check = true
subrepos = ["base"]
"""
HERE = "/9/x86_64/x86_64/$other"


def test_which_repositories_builds_draw_from(tmp_path: Path) -> None:
    (tmp_path / "azldev.toml").write_text(PROJECT.format(url="https://m.example"))
    project = load_root(tmp_path / "azldev.toml")
    sea = RpmRepository(name="sea", base=f"https://m.example{HERE}", key="https://m.example/key")
    ours = RpmRepository(name="our-base", base="https://m.example/ours/base/x86_64")
    assert build_repositories(project, "x86_64") == [(sea, True), (ours, False)]
    arm = build_repositories(project, "aarch64")[2]
    assert arm == (RpmRepository(name="arm", metalink="https://m.example/metalink?arch=aarch64"), False)


@dataclass
class Sea:
    """A yard, and the repository that it draws from."""

    folder: Path
    web: Web
    run: HostRunner
    yard: Yard
    key: SigningKey

    def make(self, name: str) -> None:
        """Builds a package and puts it, unsigned, among those that are published."""
        made = self.folder / "made"
        made.mkdir(exist_ok=True)
        tree = a_tree(self.folder / "src" / name, name)
        work = self.folder / "work" / name
        work.mkdir(parents=True)
        (rpm,) = run_build(tree, find_environment(Arch.X86_64, self.run), work, work / "log", self.run)
        shutil.copy(rpm.path, made / f"{name}.rpm")

    def publish(self) -> None:
        made = self.folder / "made"
        shutil.rmtree(made / "repodata", ignore_errors=True)
        write_repodata(made, [path.name for path in made.glob("*.rpm")])
        self.web.files |= {
            f"{HERE}/{path.relative_to(made)}": path.read_bytes() for path in made.rglob("*") if path.is_file()
        }

    def open(self, depot: Depot | None = None) -> Repositories:
        return open_repositories(self.yard, depot)

    def solved(self, repositories: Repositories, *names: str) -> tuple[RpmFile, ...]:
        return solve(Universe((), repositories.folders), names, "x86_64")


@pytest.fixture
def sea(tmp_path: Path, web: Web, run: HostRunner, monkeypatch: pytest.MonkeyPatch) -> Sea:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    project = tmp_path / "project"
    project.mkdir()
    text = PROJECT.format(url=web.url).replace(', { set = "ours" }', "")
    (project / "azldev.toml").write_text(text)
    ports = Ports(run, Fetcher(Patience(attempts=1), {}), silent())
    yard = open_yard(
        load_root(project / "azldev.toml"), Workspace.under(tmp_path / "w", tmp_path / "cache"), Arch.X86_64, ports
    )
    key = find_or_make_key(tmp_path / "keys/sea", "Sea", "sea@localhost", run)
    web.files["/key"] = key.public
    return Sea(tmp_path, web, run, yard, key)


@pytest.mark.tool
def test_packages_come_signed_and_go_to_the_depot(sea: Sea) -> None:
    for name in ("alpha", "beta"):
        sea.make(name)
    sign_rpms(sea.folder / "made", ["alpha.rpm", "beta.rpm"], sea.key, sea.run)
    sea.publish()
    with Depot.open(sea.folder / "depot") as depot:
        repositories = sea.open(depot)
        assert repositories.have("alpha") and repositories.have("/usr/share/beta/data")
        assert not repositories.have("gamma")
        solved = sea.solved(repositories, "alpha", "beta")
        fetched = repositories.fetch(solved)
        assert [rpm.path for rpm in fetched] == [depot.fetch(rpm.sha256) for rpm in solved]
        own = structs.replace(fetched[0], path=sea.folder / "own.rpm", sha256="0" * 64)
        assert repositories.fetch((own,)) == (own,)
    assert last_repositories(sea.yard) == repositories.folders
    # Another run asks for nothing but repomd.xml and its signature, and takes the packages from the depot.
    asked = len(sea.web.requests)
    shutil.rmtree(sea.yard.workspace.downloads)
    with Depot.open(sea.folder / "depot") as depot:
        assert sea.open(depot).fetch(solved) == fetched
    assert not any(path.endswith((".rpm", ".gz")) for path in sea.web.requests[asked:])


@pytest.mark.tool
@pytest.mark.parametrize("fault", ["unsigned", "other key"])
def test_packages_without_the_right_signature_are_refused(sea: Sea, fault: str) -> None:
    for name in ("alpha", "beta"):
        sea.make(name)
    sign_rpms(sea.folder / "made", ["alpha.rpm"], sea.key, sea.run)
    if fault == "other key":
        sign_rpms(sea.folder / "made", ["beta.rpm"], sea.yard.key, sea.run)
    sea.publish()
    with Depot.open(sea.folder / "depot") as depot:
        repositories = sea.open(depot)
        solved = sea.solved(repositories, "alpha", "beta")
        for _ in range(2):  # what was downloaded once is no better the second time
            with pytest.raises(TrustError, match=r"beta-1-1\.x86_64\.rpm of repository sea is not signed by its key"):
                repositories.fetch(solved)
        assert not depot.has(solved[1].sha256)


@pytest.mark.tool
def test_a_package_cannot_pass_for_another(sea: Sea) -> None:
    made = sea.folder / "made"
    made.mkdir()
    write(Package("bash", arch="noarch"), made / "bash.rpm")
    sea.publish()
    with Depot.open(sea.folder / "depot") as depot:
        repositories = sea.open(depot)
        (rpm,) = sea.solved(repositories, "bash")
        with pytest.raises(TrustError, match=r"calls bash-1\.3-1\.noarch make-1\.3-1\.noarch"):
            repositories.fetch((structs.replace(rpm, name="make"),))
        assert not depot.has(rpm.sha256)
