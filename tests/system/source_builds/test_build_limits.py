"""What builds must not do, done by real builds of a project: each ends, and the message says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.source_builds.own_project import OwnProject
from tests.system.source_builds.test_kills import assert_nothing_left

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.system.source_builds.build_site import Site

pytestmark = [pytest.mark.tool, pytest.mark.network]
SETTINGS = '[buildroot]\nmemory = "256 MiB"\nprocesses = 60\nsilence-limit-s = 20\n'
# The buildroot has no program that speaks to the network, but its shell does.
NETWORK = "exec 3<>/dev/tcp/192.0.2.1/80"
FORKS = "for i in $(seq 500); do sleep 1000 & done; wait"
MEMORY = "awk 'BEGIN { text = \"0123456789abcdef\"; while (1) text = text text }'"


def test_builds_that_go_too_far(make_site: Callable[..., Site], tmp_path: Path) -> None:
    project = OwnProject(tmp_path / "project", SETTINGS)
    project.add("good")
    project.add("caller", build=NETWORK)
    project.add("reader", build="cat /etc/shadow")
    project.add("forker", build=FORKS)
    project.add("sleeper", build="exec sleep 1000")
    project.add("glutton", build=MEMORY)
    site = make_site("site", roots=True, project=project.options)
    done = site.run(*site.building("--jobs", "2", *project.names))
    assert done.returncode == 5, done.stdout
    for line in (
        "caller: caller does not build: it wants to download something (in %build)",
        "forker: forker does not build: too many processes: the limit is 60 processes (in %build)",
        "reader: reader does not build: %build failed",
        "sleeper: the build of sleeper printed nothing for 20 s",
        "glutton: the build of glutton used more than 512 MiB of memory",
        "5 component(s) failed",
    ):
        assert line in done.stdout
    assert "/etc/shadow: Permission denied" in (site.work / "log/build/reader.log").read_text()
    (again,) = [line for line in site.journal() if line.event == "retried"]
    assert (again.node, again.text) == ("glutton", "ran out of 256 MiB and is tried with twice as much")
    assert site.built() == ["good"], "nobody else is hurt"
    assert_nothing_left(site)
