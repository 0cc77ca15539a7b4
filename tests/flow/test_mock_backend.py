"""Components built by a stand-in for mock: in which order, with what offered, and what is built again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import SPEC, a_tree

from boatyard.artifact.build_ledger import read_entry
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.cli.main import main
from boatyard.ports import run as run_module
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool

PROJECT = """\
[project]
default-distro = { name = "dinghy", version = "1" }
[distros.dinghy.versions."1"]
release-ver = "1"
mock-config = "dinghy.cfg"
[buildroot]
backend = "mock"
[components]
beta.spec = { type = "local", path = "beta/beta.spec" }
alpha.spec = { type = "local", path = "alpha/alpha.spec" }
"""
STAND_IN = """#!/bin/sh
results= previous= offered=/nowhere
for word in "$@"; do
    [ "$previous" = --resultdir ] && results=$word
    [ "$previous" = --addrepo ] && offered=${{word#file://}}
    [ "$previous" = --spec ] && name=$(basename "$word" .spec)
    previous=$word
done
case " $* " in
*" --scrub chroot "*) exit 0 ;;
*" --buildsrpm "*) cp {place}/$name/*.src.rpm "$results/" ;;
*) name=$(basename "$previous" -1-1.src.rpm)
   files=$(cd "$offered" 2>/dev/null && echo *.rpm repodata/repomd.xml)
   echo "$name: $files" >> {place}/builds
   cp {place}/$name/$name-1-1.[!s]*.rpm "$results/"
   echo built > "$results/build.log" ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    for name, tags in (("alpha", ""), ("beta", "BuildRequires: alpha\n")):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.spec").write_text(SPEC.format(name=name, release="1", tags=tags, install=""))
    (folder / "boatyard.toml").write_text(PROJECT)
    (folder / "dinghy.cfg").write_text("config_opts['root'] = 'dinghy'\n")
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder


@pytest.fixture
def mock(tmp_path: Path, run: HostRunner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in, called as an ordinary user, and what rpmbuild made for it; the place of its notes."""
    place = tmp_path / "mock"
    (place / "bin").mkdir(parents=True)
    (place / "bin/mock").write_text(STAND_IN.format(place=place))
    (place / "bin/mock").chmod(0o755)
    for name in ("alpha", "beta"):
        (place / name).mkdir()
        (tmp_path / "made" / name).mkdir(parents=True)
        tree = a_tree(tmp_path / "tree" / name, name)
        (rpm,) = run_build(tree, find_environment(Arch.of_host(), run), tmp_path / "made" / name, tmp_path / "log", run)
        (place / name / rpm.file_name).write_bytes(rpm.path.read_bytes())
        (place / name / f"{name}-1-1.src.rpm").write_bytes(rpm.path.read_bytes())  # only its name is looked at
    monkeypatch.setattr(run_module, "SEARCH_PATH", f"{place}/bin:{run_module.SEARCH_PATH}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return place


def build(project: Path, *words: str) -> int:
    return main(["component", "build", "-a", "-C", str(project), "--work", str(project / "yard"), *words])


def builds(mock: Path) -> list[str]:
    """What was built, each with the files that were offered; the notes begin anew."""
    path = mock / "builds"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_builds(project: Path, mock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arch = Arch.of_host()
    assert build(project) == 0, capsys.readouterr().err
    offered = f"alpha-1-1.{arch}.rpm repodata/repomd.xml"
    assert builds(mock) == ["alpha: ", f"beta: {offered}"]
    entry = read_entry(project / "yard/work/built", "beta", arch)
    assert entry is not None
    assert [used.name for used in entry.latest.inputs.environment] == ["alpha"]
    assert "mock configuration" in entry.latest.inputs.definition

    assert "2 built, 0 reused" in capsys.readouterr().err
    assert build(project) == 0
    assert builds(mock) == []
    assert "0 built, 2 reused" in capsys.readouterr().err

    (project / "dinghy.cfg").write_text("config_opts['root'] = 'other'\n")
    assert build(project) == 0
    assert builds(mock) == ["alpha: ", f"beta: {offered}"]


def test_what_it_would_build_now(project: Path, mock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def why(*words: str) -> str:
        capsys.readouterr()
        assert main(["why", "--now", *words, "-C", str(project), "--work", str(project / "yard")]) == 0
        return capsys.readouterr().out

    assert why("-a").splitlines() == ["beta: never built here", "", "alpha: never built here"]
    assert build(project) == 0
    assert why("beta") == "beta: up to date: nothing that its build can see has changed\n"

    (project / "alpha/notes").write_text("1")
    assert why("alpha") == "alpha: to be built, because\n  file notes is new\n"
    assert why("beta").splitlines()[:3] == [
        "beta: not known before what it needs is built",
        "  alpha is to be built, because",
        "    file notes is new",
    ]
    assert len(builds(mock)) == 2, "nothing is built to be told"


def test_mock_is_not_installed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(project) != 0
    told = capsys.readouterr().err
    assert "mock is not installed" in told
    assert "hint: dnf install mock" in told


def test_without_a_configuration(project: Path, mock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "boatyard.toml"
    path.write_text(path.read_text().replace('mock-config = "dinghy.cfg"\n', "").replace('backend = "mock"\n', ""))
    assert build(project, "--backend", "mock") == 2
    assert "names none" in capsys.readouterr().err
    assert builds(mock) == []


def test_the_option_wins(project: Path, mock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(project, "--backend", "sandbox") == 2
    assert "does not say what its buildroots are made of" in capsys.readouterr().err
    assert builds(mock) == []
