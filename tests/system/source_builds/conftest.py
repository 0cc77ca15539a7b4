"""Skiff's source components, built once and undisturbed for all tests of this folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.source_builds.build_site import Site, fill_cache, is_seed, new_site

from boatyard.flow.workspace import cache_dir
from boatyard.ports.files import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Quick ones: C with and without autotools, a library with a user of it, Python.
QUICK = ("dos2unix", "figlet", "lua-lpeg", "lua5.4", "python-tabulate")


@pytest.fixture(scope="session")
def calm(testrun_uid: str) -> Site:
    """A site where the quick components were built; made by the first process of a test run that asks for it."""
    if os.geteuid() != 0:
        pytest.skip("buildroots are made by root here")
    folder = Path(os.environ.get("BOATYARD_TEST_WORK", "build/test")).absolute() / "source-builds"
    site, told = Site(folder / "site"), folder / "build.log"
    with locked(folder / "test.lock"):
        if not told.exists() or not told.read_text(encoding="utf-8").startswith(testrun_uid):
            shutil.rmtree(site.folder, ignore_errors=True)
            fill_cache(site.cache, cache_dir(os.environ), is_seed)
            locking = site.run("component", "update", "-a", "--work", str(site.work))
            building = site.run(*site.building(*QUICK))
            code = locking.returncode or building.returncode
            told.write_text(f"{testrun_uid} {code}\n{locking.stdout}{building.stdout}", encoding="utf-8")
    text = told.read_text(encoding="utf-8")
    assert text.startswith(f"{testrun_uid} 0\n"), text
    return site


@pytest.fixture
def make_site(calm: Site, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a site like the undisturbed one, see `new_site`; removed after the test, as buildroots are large."""
    made: list[Path] = []

    def make(name: str, **how: object) -> Site:
        made.append(tmp_path / name)
        return new_site(tmp_path / name, calm, **how)  # type: ignore[arg-type]

    yield make
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def all_built(calm: Site) -> Site:
    """The undisturbed site, with all of Skiff's source components built."""
    calm.build("-g", "vendor")
    return calm


@pytest.fixture(scope="session")
def killed_site(all_built: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for kills that lasts for a whole sweep."""
    site = new_site(tmp_path_factory.mktemp("killed") / "site", all_built)
    yield site
    shutil.rmtree(site.folder)
