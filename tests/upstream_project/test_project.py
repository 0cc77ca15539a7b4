"""A project of 33 components of another distribution: locked, mirrored, rendered, prepared, and buildable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.sources.upstream.forge import Forge
from tests.sources.upstream.forge import serving as serving_forge
from tests.upstream_project.host_build import HostBuild, build_order
from tests.upstream_project.project import PACKAGES, UpstreamProject, make_project
from tests.web_server import Web
from tests.web_server import serving as serving_web

from boatyard.cli.main import main
from boatyard.flow.autospec import find_rpmautospec
from boatyard.ports.run import Command, HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.tool
NAMES = sorted(package.name for package in PACKAGES)
BY_NAME = {package.name: package for package in PACKAGES}


class Fleet:
    """The project, its upstream, and what commands say."""

    def __init__(self, made: UpstreamProject, forge: Forge, web: Web) -> None:
        self.made, self.forge, self.web = made, forge, web
        self.dir = made.dir

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.forge.requests), len(self.web.requests)

    def run(self, *words: str) -> int:
        return main([*words, "-C", str(self.dir), "-q"])

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        env = {"GIT_AUTHOR_DATE": "2026-02-02T00:00:00Z", "GIT_COMMITTER_DATE": "2026-02-02T00:00:00Z"}
        return self.forge.run(Command(argv=("git", "-C", str(self.dir), *who, *words), env=env)).text

    def spec(self, name: str) -> str:
        return (self.dir / f"specs/{name[0]}/{name}/{name}.spec").read_text()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The project, locked and committed, its sources mirrored."""
    folder = tmp_path_factory.mktemp("fleet")
    run = HostRunner()
    forge = Forge(folder / "forge", run)
    with pytest.MonkeyPatch.context() as patch, serving_forge(forge), serving_web() as web:
        patch.setenv("BOATYARD_CACHE", str(folder / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "none"))
        made = Fleet(make_project(folder / "project", forge, web), forge, web)
        made.git("init", "-q", "-b", "main")
        assert made.run("component", "update", "-a") == 0
        made.git("add", "-A")
        made.git("commit", "-q", "-m", "Lock the fleet")
        assert made.run("source", "mirror", "-a") == 0
        yield made
    run.close()


@pytest.fixture
def fleet_json(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> Any:
    def ask(*words: str) -> Any:
        assert fleet.run(*words, "-o", "json") == 0
        return json.loads(capsys.readouterr().out)

    return ask


def test_there_are_thirty_components_of_upstream_and_more() -> None:
    assert sum(not package.local for package in PACKAGES) >= 30
    assert len(set(NAMES)) == len(NAMES)


def test_each_is_locked_to_the_commit_that_is_meant(fleet: Fleet) -> None:
    for name, commit in fleet.made.commits.items():
        assert f"upstream-commit = '{commit}'\n" in (fleet.dir / f"locks/{name}.lock").read_text(), name
    assert [path.name for path in (fleet.dir / "locks").glob("*.digests")] == ["anchor.digests"]
    asked = fleet.asked
    assert fleet.run("component", "update", "-a", "--check-only") == 0
    assert fleet.asked == asked


def test_all_are_rendered_without_asking_anybody(fleet: Fleet, fleet_json: Any) -> None:
    asked = fleet.asked
    rendered = fleet_json("component", "render", "-a", "--offline")
    assert [one["component"] for one in rendered if one["status"] == "ok"] == NAMES
    assert fleet.asked == asked
    assert not any(one["changed"] for one in fleet_json("component", "render", "-a", "--offline"))


def test_rendered_specs_are_as_configured(fleet: Fleet) -> None:
    assert fleet.run("component", "render", "-a", "--offline") == 0
    releases = {name: re.findall(r"^Release: *(.*)", fleet.spec(name), re.MULTILINE)[-1] for name in NAMES}
    assert (releases["sail"], releases["cutter"], releases["lugger"]) == ("4%{?dist}", "5%{?dist}", "7.rc2%{?dist}")
    assert "Patch0: sail-furled.patch\n" in fleet.spec("sail")
    assert "ketch-sink" not in fleet.spec("ketch")
    assert "%package wine" not in fleet.spec("port")
    assert "Version:        1.5\n" in fleet.spec("beacon")
    assert sorted(path.name for path in (fleet.dir / "specs/p/pier").iterdir()) == [
        "pier.spec",
        "planks",
        "rail",
        "sources",
        "steps",
    ]


def test_releases_are_counted(fleet: Fleet) -> None:
    if find_rpmautospec() is None:
        pytest.skip("rpmautospec is not installed")
    assert fleet.run("component", "render", "helm", "tiller", "--offline") == 0
    for name in ("helm", "tiller"):  # one upstream commit of this version, one change of the project
        assert "release_number = 2;" in fleet.spec(name)
        assert "- Lock the fleet\n" in fleet.spec(name)


def test_every_package_is_built_by_rpmbuild(fleet: Fleet, tmp_path: Path, run: HostRunner) -> None:
    built = HostBuild(tmp_path, run)
    built.bootstrap()
    for name in build_order():
        tree = tmp_path / "trees" / name
        words = ("component", "prepare-sources", name, "--output-dir", str(tree), "--offline")
        assert fleet.run(*words) == 0, name
        built.build(name, tree)
        path, text = BY_NAME[name].gives
        assert text.encode() in (built.root / path[1:]).read_bytes(), name
    assert {path.name.partition("-")[0] for rpms in built.rpms.values() for path in rpms} == set(NAMES)
    arches = {name: {path.name.split(".")[-2] for path in rpms} for name, rpms in built.rpms.items()}
    assert arches["deck"] == {"noarch"}
    assert len(arches["port"]) == 2
