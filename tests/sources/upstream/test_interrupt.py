"""A fetch that is killed at any moment leaves a cache that can be used."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import BRANCH

from boatyard.sources.upstream.template import fill_template

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sources.upstream.forge import Forge

    from boatyard.sources.upstream.repository import DistGit

pytestmark = pytest.mark.tool
CHILD = """
import sys
from pathlib import Path
from boatyard.ports.run import HostRunner
from boatyard.sources.upstream.repository import DistGit
root, address, branch = sys.argv[1:]
repository = DistGit(root=Path(root), run=HostRunner(), pauses_s=()).repository("a", address)
print("begun", flush=True)
repository.update(branch)
repository.fetch_files(repository.tip(branch))
"""
KILLS = 8


def test_killed_at_any_moment(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    """Each child is killed a little later than the one before, and the next goes on with what it left."""
    noise = random.Random(7)
    for number in range(4):
        commit = forge.commit("a", {f"f{number}-{n}": noise.randbytes(20_000) for n in range(10)})
    address = fill_template(forge.http_url, pkg="a")
    for number in range(KILLS):
        words = [sys.executable, "-c", CHILD, str(dist_git.root), address, BRANCH]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.03 * number)
            os.kill(child.pid, signal.SIGKILL)
    repository = dist_git.repository("a", address)
    repository.update(BRANCH)
    assert repository.tip(BRANCH) == commit
    (tmp_path / "tree").mkdir()
    repository.write(commit, tmp_path / "tree")
    assert len(list((tmp_path / "tree").iterdir())) == 10
    assert repository._git("fsck", "--connectivity-only").code == 0
    assert [path.name for path in repository.dir.rglob("*") if path.suffix == ".lock" or "tmp_" in path.name] == []
    assert {path.suffix for path in dist_git.root.iterdir()} == {".git", ".lock"}
