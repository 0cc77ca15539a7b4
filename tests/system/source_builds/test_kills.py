"""Killed at any moment and run again, builds give the same packages, build nothing twice and leave nothing behind."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.graph.process import wait_for
from tests.system.source_builds.build_site import Site, forget
from tests.system.source_builds.conftest import QUICK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

pytestmark = [pytest.mark.tool, pytest.mark.network]
ROUNDS, KILLS = 15, 20  # of the sweep


class Killer:
    """Builds components in a site and kills the command at random moments of the time that a build takes."""

    def __init__(self, site: Site, seed: int, seconds: float) -> None:
        self.site, self.chance, self.seconds = site, random.Random(seed), seconds
        self.killed: list[int] = []

    def build(self, components: Collection[str], most: int) -> None:
        """Builds from nothing to the end, killed at most so often; asserts that nothing is left or done twice."""
        words = self.site.building(*sorted(components))
        for _ in range(most):
            with self.site.start(*words) as process:
                if ended(process, self.seconds * self.chance.random() ** 2):
                    break
                process.kill()
            self.killed.append(process.pid)
            wait_for(lambda: not self.site.processes())
            assert self.site.mounts() == []
        self.site.build(*sorted(components))
        assert_nothing_left(self.site, self.killed)
        assert_nothing_twice(self.site)


def ended(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether a process ends by itself in some time; its output is read."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def assert_nothing_left(site: Site, killed: Collection[int] = ()) -> None:
    """Neither processes nor mounts or temporary files of a site, nor control groups of processes that were killed."""
    assert site.processes() == []
    assert site.mounts() == []
    assert site.temporaries() == []
    groups = [path.name for path in Path("/sys/fs/cgroup").rglob("boatyard-*")]
    assert [group for group in groups if group.split("-")[1] in {str(pid) for pid in killed}] == []


def assert_nothing_twice(site: Site) -> None:
    """Of all runs together, each node was done once, and not begun again afterwards."""
    done: set[str] = set()
    for line in site.journal():
        assert not (line.node in done and line.event in ("started", "done")), line
        if line.event == "done":
            done.add(line.node)
    assert max(Counter(site.built()).values(), default=0) <= 1


def test_killed_builds_converge(calm: Site, make_site: Callable[..., Site]) -> None:
    components = QUICK[:2]
    site = make_site("killed", without=components, roots=True)
    begun = time.monotonic()
    site.build(*components)
    seconds = time.monotonic() - begun
    forget(site, components)
    killer = Killer(site, seed=20261123, seconds=seconds)
    killer.build(components, most=3)
    assert killer.killed, "it was quicker than ever"
    assert site.digests() == calm.digests(*components)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_many_killed_builds_converge(all_built: Site, killed_site: Site, seed: int) -> None:
    """All source components, some at a time; in some rounds their buildroots are made, too."""
    chance, names = random.Random(seed), sorted(path.name for path in (all_built.work / "out/packages").iterdir())
    killer = Killer(killed_site, seed, seconds=20)
    while len(killer.killed) < KILLS:
        components = chance.sample(names, 3)
        forget(killed_site, components)
        if chance.random() < 0.2:
            shutil.rmtree(killed_site.cache / "buildroot", ignore_errors=True)
        killer.build(components, most=KILLS - len(killer.killed))
        assert killed_site.digests() == all_built.digests(*components)
