"""What a buildroot is made of, solved by libsolv over RPMs and repositories."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.build.host_root import data_package

from boatyard.base.error import BuildError, TrustError
from boatyard.build.solve import Universe, solve

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile

pytestmark = pytest.mark.tool


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RpmFile]:
    """A few packages that require each other."""
    from boatyard.ports.run import HostRunner

    run = HostRunner()
    wanted = {
        "app": "Requires: lib >= 1\nRequires: tool",
        "lib": "",
        "libfile": "Requires: /usr/share/lib/data",
        "tool-one": "Provides: tool",
        "tool-two": "Provides: tool",
        "needy": "Requires: nosuch(thing) >= 3",
        "enemy": "Conflicts: lib",
    }
    found = {}
    for name, tags in wanted.items():
        found[name] = data_package(tmp_path_factory.mktemp(name), name, run, tags=tags)
    found["lib2"] = data_package(tmp_path_factory.mktemp("lib2"), "lib", run, release="2")
    found["lib1b"] = data_package(tmp_path_factory.mktemp("lib1b"), "lib", run, tags="Provides: other")
    return found


def names(rpms: tuple[RpmFile, ...]) -> list[str]:
    return [rpm.name for rpm in rpms]


def universe(made: dict[str, RpmFile], *wanted: str) -> Universe:
    return Universe(made[name] for name in wanted)


def test_all_requirements_are_met_by_name_version_file_and_capability(made: dict[str, RpmFile]) -> None:
    all_of_it = universe(made, "app", "lib", "libfile", "tool-one", "enemy")
    assert names(solve(all_of_it, ["app"], "x86_64")) == ["app", "lib", "tool-one"]
    assert names(solve(all_of_it, ["libfile"], "x86_64")) == ["lib", "libfile"]
    assert names(solve(all_of_it, ["/usr/share/lib/data"], "x86_64")) == ["lib"]
    assert names(solve(all_of_it, ["tool", "lib = 1-1", "rpmlib(X) <= 1"], "x86_64")) == ["lib", "tool-one"]
    assert names(solve(all_of_it, ["(tool and lib)"], "x86_64")) == ["lib", "tool-one"]


def test_newest_version_is_taken(made: dict[str, RpmFile]) -> None:
    (lib,) = solve(universe(made, "lib", "lib2"), ["lib"], "x86_64")
    assert lib == made["lib2"]


def test_answer_does_not_depend_on_the_order_of_adding(made: dict[str, RpmFile]) -> None:
    """Two packages provide the tool: libsolv alone would take the one that was added first, or last."""
    wanted = ["app", "lib", "tool-one", "tool-two", "libfile"]
    answers = set()
    for seed in range(8):
        random.Random(seed).shuffle(wanted)
        grown = Universe()
        for name in wanted:
            grown.add([made[name]])
            if seed % 2:
                grown.pool("x86_64")
        answers.add(tuple(names(solve(grown, ["app"], "x86_64"))))
    assert len(answers) == 1


def test_what_nobody_provides_is_told_with_who_needs_it(made: dict[str, RpmFile]) -> None:
    some = universe(made, "needy", "lib", "app")
    with pytest.raises(BuildError, match=r"nothing provides nosuch\(thing\) >= 3 needed by needy"):
        solve(some, ["needy"], "x86_64")
    with pytest.raises(BuildError, match="nothing provides zlib-devel, which less requires"):
        solve(some, ["zlib-devel", "lib"], "x86_64", who="less")
    with pytest.raises(BuildError, match="lib >= 9"):
        solve(some, ["lib >= 9"], "x86_64")
    with pytest.raises(BuildError, match="conflict"):
        solve(universe(made, "enemy", "lib"), ["enemy", "lib"], "x86_64")


def test_same_nevra_with_other_content_is_refused(made: dict[str, RpmFile], tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"two packages are lib-1-1\.x86_64 and differ"):
        universe(made, "lib", "lib1b")
    grown = universe(made, "lib")
    grown.add([made["lib"]])
    with pytest.raises(TrustError):
        grown.add([made["lib1b"]])


@pytest.fixture
def repository(made: dict[str, RpmFile], tmp_path: Path):
    from boatyard.repo.repodata import write_repodata

    def make(*wanted: str) -> Path:
        folder = tmp_path / "-".join(wanted)
        folder.mkdir()
        for name in wanted:
            (folder / f"{name}.rpm").write_bytes(made[name].path.read_bytes())
        write_repodata(folder, [f"{name}.rpm" for name in wanted])
        return folder

    return make


def test_packages_of_repositories(made: dict[str, RpmFile], repository) -> None:
    folder = repository("lib", "tool-one", "libfile")
    both = Universe([made["app"]], [folder])
    found = solve(both, ["app", "/usr/share/libfile/data"], "x86_64")
    assert names(found) == ["app", "lib", "libfile", "tool-one"]
    assert found[1] == structs.replace(made["lib"], path=folder / "lib.rpm")
    # What was read once is used again, and gives the same.
    again = Universe([made["app"]], [folder])
    assert solve(again, ["app", "/usr/share/libfile/data"], "x86_64") == found


def test_own_packages_win_over_newer_ones_from_elsewhere(made: dict[str, RpmFile], repository) -> None:
    """Nobody can slip a package in by a higher version in a repository at the side."""
    (lib,) = solve(Universe([made["lib"]], [repository("lib2")]), ["lib"], "x86_64")
    assert lib == made["lib"]


def test_same_nevra_in_a_repository_with_other_content_is_refused(made: dict[str, RpmFile], repository) -> None:
    with pytest.raises(TrustError, match="differ in content"):
        solve(Universe([made["lib1b"]], [repository("lib")]), ["lib"], "x86_64")
    with pytest.raises(TrustError, match="differ in content"):
        solve(Universe([], [repository("lib1b"), repository("lib", "app")]), ["lib"], "x86_64")


def test_repository_that_is_not_what_it_says_is_refused(repository, tmp_path: Path) -> None:
    folder = repository("lib")
    (primary,) = folder.glob("repodata/*primary*")
    primary.write_bytes(primary.read_bytes()[:-1] + b"x")
    with pytest.raises(TrustError, match=r"not what repomd\.xml says"):
        solve(Universe([], [folder]), ["lib"], "x86_64")
    with pytest.raises(BuildError, match="is no repository"):
        solve(Universe([], [tmp_path / "none"]), ["lib"], "x86_64")
