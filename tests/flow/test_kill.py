"""Killed at any moment and run again, a build ends in the same state as one that was never disturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import SPEC

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool

PROJECT = """
[project]
default-distro = { name = "yard", version = "1" }
[distros.yard.versions.1]
release-ver = "1"
[channels.base]
[default-package-config.publish]
rpm-channel = "base"
"""
COMPONENTS = 6


def make_project(folder: Path) -> None:
    text = PROJECT
    text += f"[buildroot]\nbootstrap = {[f'part{number}' for number in range(COMPONENTS)]}\n"  # they only pack files
    for number in range(COMPONENTS):
        name = f"part{number}"
        text += f'[components.{name}]\nspec = {{ type = "local", path = "{name}/{name}.spec" }}\n'
        (folder / name).mkdir(parents=True)
        spec = SPEC.format(name=name, release="1", tags="", install="head -c 300000 /dev/zero > /dev/null")
        (folder / name / f"{name}.spec").write_text(spec)
    (folder / "boatyard.toml").write_text(text)


def start(project: Path, home: Path) -> subprocess.Popen[bytes]:
    env = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    argv = [sys.executable, "-m", "boatyard", "repo", "build", "-C", str(project)]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def finish(project: Path, home: Path) -> str:
    process = start(project, home)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output.decode()
    return output.decode()


def state(project: Path) -> dict[str, str]:
    """The packages of the published repository with the digest of their headers, which the signature is not part of."""
    current = project / "out/repo/current"
    rpms = sorted(current.rglob("*.rpm"))
    query = ["rpm", "-qp", "--nosignature", "--qf", "%{NEVRA} %{SHA256HEADER}\\n", *map(str, rpms)]
    lines = subprocess.run(query, capture_output=True, check=True, text=True).stdout.splitlines()
    assert (current / "base/repodata/repomd.xml.asc").is_file()
    return dict(line.split() for line in lines)


def leftovers(*folders: Path) -> list[str]:
    return [str(path) for folder in folders for path in folder.rglob(".tmp-*")]


def kill_and_run_again(tmp_path: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    make_project(tmp_path / "calm")
    calm = time.monotonic()
    finish(tmp_path / "calm", tmp_path / "calm-home")
    duration = time.monotonic() - calm
    expected = state(tmp_path / "calm")
    assert len(expected) == COMPONENTS
    project, home = tmp_path / "killed", tmp_path / "home"
    make_project(project)
    for _ in range(kills):
        process = start(project, home)
        time.sleep(chance.uniform(0, duration))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    output = finish(project, home)
    assert state(project) == expected, output
    assert leftovers(project / "out", home / "cache/boatyard/build") == []
    assert "Build" not in finish(project, home), "a run after a finished one builds nothing"


def test_killed_builds_converge(tmp_path: Path) -> None:
    kill_and_run_again(tmp_path, kills=6, seed=20260101)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(10))
def test_many_killed_builds_converge(tmp_path: Path, seed: int) -> None:
    kill_and_run_again(tmp_path, kills=20, seed=seed)
