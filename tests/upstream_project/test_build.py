"""The project of 33 components, from its configuration to a repository that dnf installs from, built of a seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.sources.upstream.forge import Forge
from tests.sources.upstream.forge import serving as serving_forge
from tests.upstream_project.built_fleet import BuiltFleet, draw_from_seed, serve_seed
from tests.upstream_project.project import PACKAGES, make_bootstrap, make_project
from tests.upstream_project.seed_repository import PACKAGES as BUILDROOT
from tests.upstream_project.seed_repository import make_seed_repository
from tests.web_server import serving as serving_web

from boatyard.flow.autospec import find_rpmautospec
from boatyard.ports.files import remove_tree
from boatyard.ports.run import HostRunner
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.tool, pytest.mark.network]
NAMES = {package.name for package in PACKAGES}
OTHER_DEPTH = """
[[components.keel.overlays]]
type = "spec-append-lines"
section = "%prep"
lines = ["sed -i 's/return 7/return 8/' keel.c"]
"""
OTHER_WORDS = """
[[components.deck.overlays]]
type = "spec-append-lines"
section = "%prep"
lines = ["sed -i 's/afloat/awash/' deck.sh"]
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltFleet]:
    """The project, locked, rendered and committed; nothing is built yet."""
    if find_rpmautospec() is None:
        pytest.skip("rpmautospec is not installed")
    folder = tmp_path_factory.mktemp("fleet")
    run = HostRunner()
    repository = make_seed_repository(run)
    forge = Forge(folder / "forge", run)
    with pytest.MonkeyPatch.context() as patch, serving_forge(forge), serving_web() as web:
        patch.setenv("BOATYARD_CACHE", str(folder / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "none"))
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        serve_seed(repository, web, Arch.of_host())
        make_bootstrap(folder / "bootstrap", web, run)
        made = BuiltFleet(make_project(folder / "project", forge, web), repository, web, run)
        draw_from_seed(made.dir, web, BUILDROOT)
        made.commit("Lock the fleet", "component", "update", "-a")
        made.commit("Render the fleet", "component", "render", "-a")
        yield made
        remove_tree(folder / "cache")
    run.close()


def test_the_fleet_from_first_build_to_dnf(
    fleet: BuiltFleet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str) -> Any:
        capsys.readouterr()
        assert fleet.run(*words, "-o", "json") == 0
        return json.loads(capsys.readouterr().out)

    assert fleet.build() == dict.fromkeys(NAMES, False)
    assert "winch is built with davit of the seed: inside of a cycle of 2 components" in fleet.log
    fetched = [path for path in fleet.web.requests if path.endswith(".rpm")]
    assert len(fetched) == len(set(fetched))  # when they were wanted first
    assert fleet.build() == dict.fromkeys(NAMES, True)
    assert [path for path in fleet.web.requests if path.endswith(".rpm")] == fetched

    # The depth of the keel is not to be seen from outside: mast, which is linked with it, is not built again.
    fleet.append("keel", OTHER_DEPTH)
    assert {name for name, reused in fleet.build().items() if not reused} == {"keel"}
    (mast,) = told("why", "mast")
    assert (mast["verdict"], [reason["component"] for reason in mast["cut_off"]]) == ("was reused", ["keel"])

    # knot runs deck when it is built, and fleet runs knot.
    fleet.append("deck", OTHER_WORDS)
    assert {name for name, reused in fleet.build().items() if not reused} == {"deck", "knot", "fleet"}
    (top,) = told("why", "fleet")
    assert (top["verdict"], top["roots"]) == ("was built", ["deck: spec"])

    assert fleet.run("repo", "build") == 0
    shown = fleet.dnf(tmp_path / "root", "install", "--setopt=tsflags=test", *sorted(NAMES))
    assert "Transaction test succeeded" in shown
