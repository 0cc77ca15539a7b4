"""The words mock is called with, and a stand-in that checks them: Debian has no mock, so the real one was not tried."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import a_tree

from boatyard.artifact.build_task import Limits
from boatyard.base.error import BuildError, ToolError
from boatyard.build import mock as mock_module
from boatyard.build.mock import Mock, build_argv, build_in_mock, scrub_argv, srpm_argv
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.ports import run as run_module
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

PLAIN = Mock(config=Path("/etc/mock/skiff.cfg"), options={})
BASE = ("-r", "/etc/mock/skiff.cfg", "--configdir", "/etc/mock")
STAND_IN = """#!/bin/sh
echo "$@" >> {place}/calls
results= previous=
for word in "$@"; do
    [ "$previous" = --resultdir ] && results=$word
    previous=$word
done
case " $* " in
*" --scrub chroot "*) exit 0 ;;
*" --buildsrpm "*) cp {place}/made/*.src.rpm "$results/" ;;
*) [ -f "$previous" ] || exit 9
   if [ -e {place}/broken ]; then cp {place}/broken "$results/build.log"; exit 1; fi
   cp {place}/made/*.rpm "$results/" ;;
esac
"""


def test_words_of_source_packages(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, "alpha")
    assert srpm_argv(PLAIN, tree, Path("/r")) == (
        "mock", "--quiet", *BASE,
        "--buildsrpm", "--spec", f"{tree.dir}/alpha.spec", "--sources", str(tree.dir), "--resultdir", "/r",
    )  # fmt: skip


def test_words_of_builds() -> None:
    mock = Mock(
        config=Path("/etc/mock/skiff.cfg"), options={"z": "1", "a": "2"}, basedir=Path("/b"), rootdir=Path("/d"),
        repositories=("/repo/one", "https://two.example"), verbose=True, network=True,
        nspawn=True, keep=True, check=False,
    )  # fmt: skip
    assert build_argv(mock, Path("/s/x.src.rpm"), Path("/r")) == (
        "mock", "--verbose", "--isolation", "nspawn", *BASE, "--config-opts", "basedir=/b", "--rootdir", "/d",
        "--config-opts", "a=2", "--config-opts", "z=1", "--enable-network", "--no-clean",
        "--resultdir", "/r", "--addrepo", "/repo/one", "--addrepo", "https://two.example", "--nocheck", "/s/x.src.rpm",
    )  # fmt: skip
    assert scrub_argv(PLAIN) == ("mock", "--quiet", *BASE, "--scrub", "chroot")


@pytest.fixture
def stand_in(tmp_path: Path, run: HostRunner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is called like mock and gives what rpmbuild made; the place of its notes."""
    place = tmp_path / "mock"
    (place / "bin").mkdir(parents=True)
    (place / "made").mkdir()
    (place / "bin/mock").write_text(STAND_IN.format(place=place))
    (place / "bin/mock").chmod(0o755)
    tree = a_tree(tmp_path / "tree", "alpha")
    (tmp_path / "work").mkdir()
    (rpm,) = run_build(tree, find_environment(Arch.X86_64, run), tmp_path / "work", tmp_path / "log", run)
    (place / "made" / rpm.file_name).write_bytes(rpm.path.read_bytes())
    (place / "made/alpha-1-1.src.rpm").write_bytes(rpm.path.read_bytes())  # only its name is looked at
    monkeypatch.setattr(run_module, "SEARCH_PATH", f"{place}/bin:{run_module.SEARCH_PATH}")
    monkeypatch.setattr(mock_module.os, "geteuid", lambda: 1000)
    return place


@pytest.mark.tool
def test_build(stand_in: Path, tmp_path: Path, run: HostRunner) -> None:
    tree = a_tree(tmp_path / "tree2", "alpha")
    srpm, rpms = build_in_mock(tree, PLAIN, Limits(), tmp_path / "w", tmp_path / "log", run)
    assert srpm.path.name == "alpha-1-1.src.rpm"
    assert "alpha" in {rpm.name for rpm in rpms}
    calls = (stand_in / "calls").read_text().splitlines()
    assert [("--buildsrpm" in call, "--scrub" in call) for call in calls] == [
        (True, False), (False, False), (False, True)
    ]  # fmt: skip
    assert calls[1].endswith(str(srpm.path))


@pytest.mark.tool
def test_failure_tells_the_cause(stand_in: Path, tmp_path: Path, run: HostRunner) -> None:
    (stand_in / "broken").write_text((Path(__file__).parent / "failed/header.log").read_text())
    with pytest.raises(BuildError, match=r"alpha does not build: the header zlib\.h is missing"):
        build_in_mock(a_tree(tmp_path / "t", "alpha"), PLAIN, Limits(), tmp_path / "w", tmp_path / "log", run)


@pytest.mark.skipif(os.geteuid() != 0, reason="root is refused")
def test_root_is_refused(tmp_path: Path, run: HostRunner) -> None:
    with pytest.raises(ToolError, match="does not run as root"):
        build_in_mock(a_tree(tmp_path / "t", "alpha"), PLAIN, Limits(), tmp_path / "w", tmp_path / "log", run)
