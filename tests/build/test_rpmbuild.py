"""rpmbuild in the sandbox, for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.spec_file import a_tree

from boatyard.base.error import BuildError, ToolError
from boatyard.build.rpmbuild import build_key, find_environment, run_build
from boatyard.ports import run as run_module
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool

PROBE = """
id -u > %{buildroot}/usr/share/probe/uid
ls /root /home /etc/shadow /var/lib > %{buildroot}/usr/share/probe/private 2>/dev/null || true
touch /usr/escaped /sources/escaped && exit 1 || true
ls /sys/class/net > %{buildroot}/usr/share/probe/net 2>/dev/null || cat /proc/net/dev | sed 1,2d > \
 %{buildroot}/usr/share/probe/net
env > %{buildroot}/usr/share/probe/env
"""


def build(tree, work: Path, run: HostRunner):
    work.mkdir(parents=True, exist_ok=True)
    return run_build(tree, find_environment(Arch.X86_64, run), work, work / "build.log", run)


def test_same_tree_gives_the_same_bytes(tmp_path: Path, run: HostRunner) -> None:
    tree = a_tree(tmp_path / "src", "alpha")
    (first,) = build(tree, tmp_path / "one", run)
    (second,) = build(tree, tmp_path / "two", run)
    assert (first.name, str(first.evr), first.arch) == ("alpha", "1-1", "x86_64")
    assert first.sha256 == second.sha256


def test_build_sees_no_network_no_secret_and_cannot_write_outside(tmp_path: Path, run: HostRunner, monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    files = "".join(f"\n/usr/share/probe/{name}" for name in ("uid", "private", "net", "env"))
    tree = a_tree(tmp_path / "src", "probe", install=PROBE)
    spec = tree.spec_path
    spec.write_text(spec.read_text() + files + "\n")
    (rpm,) = build(tree, tmp_path / "work", run)
    from boatyard.ports.run import Command

    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    run(Command(argv=("sh", "-c", f"rpm2cpio {rpm.path} | cpio -id --quiet"), cwd=unpacked))
    probe = unpacked / "usr/share/probe"
    assert (probe / "uid").read_text().strip() == "1000"
    assert (probe / "private").read_text().replace("/root:", "").strip() == ""
    assert {line.split(":")[0].strip() for line in (probe / "net").read_text().splitlines()} <= {"lo"}
    assert "canary" not in (probe / "env").read_text()
    assert not (tmp_path / "src/escaped").exists()


def test_failure_tells_the_cause_and_the_log(tmp_path: Path, run: HostRunner) -> None:
    tree = a_tree(tmp_path / "src", "broken", install="no-such-program")
    with pytest.raises(BuildError) as caught:
        build(tree, tmp_path / "work", run)
    problem = caught.value.problems[0]
    assert "broken does not build" in problem.what
    assert "%install" in problem.detail
    assert str(tmp_path / "work/build.log") in problem.hint
    assert "no-such-program" in (tmp_path / "work/build.log").read_text()


def test_missing_rpmbuild_names_the_package(monkeypatch, run: HostRunner) -> None:
    monkeypatch.setattr(run_module, "SEARCH_PATH", "/nonexistent")
    with pytest.raises(ToolError) as caught:
        find_environment(Arch.X86_64, run)
    assert "rpmbuild is not installed" in caught.value.problems[0].what
    assert "apt-get install rpm" in caught.value.hint
    assert "dnf install rpm-build" in caught.value.hint


def test_key_changes_with_every_input(run: HostRunner) -> None:
    from dataclasses import replace

    environment = find_environment(Arch.X86_64, run)
    keys = {
        build_key("a", environment),
        build_key("b", environment),
        build_key("a", replace(environment, arch=Arch.AARCH64)),
        build_key("a", replace(environment, rpmbuild="other")),
        build_key("a", replace(environment, macros="other")),
        build_key("a", replace(environment, recipe=environment.recipe + 1)),
    }
    assert len(keys) == 6
