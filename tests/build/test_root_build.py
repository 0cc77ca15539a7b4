"""Source and binary packages built in a buildroot: requirements, the same bits every time, nothing hostile let out."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.build.host_root import data_package
from tests.spec_file import a_tree

from boatyard.artifact.build_task import Limits
from boatyard.base.error import BuildError, OutOfMemoryError
from boatyard.build.buildroot import make_root
from boatyard.build.rpmbuild import BuildEnvironment, build_in_root, root_environment
from boatyard.build.srpm import generate_requires, make_srpm
from boatyard.ports.run import Command
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.buildroot import Root
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.tool, pytest.mark.skipif(os.geteuid() != 0, reason="buildroots are made by root here")]
LIMITS = Limits(memory_mib=2048, processes=200, disk_mib=512, seconds=120, silent_s=60)
# The host's rpm has its own idea of where the database is, and may lack what makes debug packages.
MACROS = "%_dbpath /usr/lib/sysimage/rpm\n%debug_package %{nil}\n%__os_install_post %{nil}\n%_build_id_links none\n"


def environment() -> BuildEnvironment:
    return root_environment(Arch.of_host(), MACROS)


class Yard:
    """Builds trees in a root, each in a new folder."""

    def __init__(self, folder: Path, root: Root, run: HostRunner) -> None:
        self.folder, self.root, self.run, self.count = folder, root, run, 0

    def __call__(self, function, tree: SourceTree, limits: Limits = LIMITS, root: Root | None = None):
        self.count += 1
        work = self.folder / f"work{self.count}"
        work.mkdir()
        return function(tree, root or self.root, environment(), limits, work, self.log, self.run)

    @property
    def log(self) -> Path:
        return self.folder / f"log{self.count}"


@pytest.fixture
def yard(tmp_path: Path, base: Root, run: HostRunner) -> Yard:
    return Yard(tmp_path, base, run)


def spec(tmp_path: Path, name: str, body: str, *, tags: str = "") -> SourceTree:
    tree = a_tree(tmp_path / name, name, tags=tags)
    text = tree.spec_path.read_text()
    tree.spec_path.write_text(text.replace("%install\n", f"{body}\n%install\n", 1))
    return tree


def content(rpm: RpmFile, tmp_path: Path, run: HostRunner) -> Path:
    target = tmp_path / "unpacked"
    target.mkdir()
    run(Command(argv=("sh", "-c", f"rpm2cpio {rpm.path} | cpio -id --quiet"), cwd=target))
    return target


def test_requirements_of_a_source_package(yard: Yard, tmp_path: Path) -> None:
    tags = "BuildRequires: gcc >= 12, pkgconfig(zlib)\nBuildRequires: (a or b)\n%if 1\nBuildRequires: last\n%endif"
    srpm = yard(make_srpm, a_tree(tmp_path / "t", "alpha", tags=tags))
    assert srpm.requires == ("(a or b)", "gcc >= 12", "last", "pkgconfig(zlib)")
    assert (srpm.rpm.name, srpm.rpm.arch, srpm.dynamic) == ("alpha", "src", False)


def test_dynamic_requirements_come_to_an_end(yard: Yard, tmp_path: Path, hostbase: RpmFile, run: HostRunner) -> None:
    body = "%generate_buildrequires\necho beta\n[ -e /usr/share/beta/data ] && echo 'gamma >= 1' || :\n%build"
    tree = spec(tmp_path, "alpha", body)
    assert yard(make_srpm, tree).dynamic
    first = yard(generate_requires, tree)
    assert (first.requires, first.complete) == (("beta",), False)
    beta, gamma = (data_package(tmp_path / f"p{name}", name, run) for name in ("beta", "gamma"))
    with_beta = make_root([hostbase, beta], tmp_path / "roots", run, base=yard.root)
    second = yard(generate_requires, tree, root=with_beta)
    assert (second.requires, second.complete) == (("beta", "gamma >= 1"), False)
    with_both = make_root([hostbase, beta, gamma], tmp_path / "roots", run, base=yard.root)
    third = yard(generate_requires, tree, root=with_both)
    assert (third.requires, third.complete) == (("beta", "gamma >= 1"), True)
    _, rpms = yard(build_in_root, tree, root=with_both)
    assert [rpm.name for rpm in rpms] == ["alpha"]


def test_same_bits_whatever_differs(yard: Yard, tmp_path: Path) -> None:
    """Time, folder, dates and modes of the sources, processors and memory, readdir order: none is in the packages."""
    install = "cp %{SOURCE0} %{SOURCE1} %{buildroot}/usr/share/alpha/\n"
    tags = "Source0: one.txt\nSource1: two.sh"
    results = []
    for number, limits in ((1, LIMITS), (2, structs.replace(LIMITS, memory_mib=8192, processes=300))):
        folder = tmp_path / f"{number}/sub{number}"
        tree = a_tree(folder, "alpha", tags=tags, install=install)
        tree.spec_path.write_text(tree.spec_path.read_text() + "/usr/share/alpha/*.*\n")
        for name in ("one.txt", "two.sh")[:: 3 - 2 * number]:
            (folder / name).write_text(name)
            (folder / name).chmod(0o664 if number == 1 else 0o600)
            os.utime(folder / name, (1_000_000_000 * number, 1_000_000_000 * number))
        srpm, rpms = yard(build_in_root, tree, limits)
        results.append((srpm.sha256, [rpm.sha256 for rpm in rpms]))
        time.sleep(1.1)
    assert results[0] == results[1]


def test_only_what_is_in_the_source_package_is_built(yard: Yard, tmp_path: Path) -> None:
    tree = spec(tmp_path, "alpha", "%build\ncat %{_sourcedir}/stray /sources/stray\n")
    (tree.dir / "stray").write_text("not a Source of the spec")
    with pytest.raises(BuildError):
        yard(build_in_root, tree)


def test_macros_of_a_spec_run_inside_only(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    tags = f"%global x %(id -u; touch {tmp_path}/open/escaped; cat /etc/shadow; touch /usr/escaped)\nVendor: %{{x}}"
    srpm = yard(make_srpm, a_tree(tmp_path / "t", "alpha", tags=tags))
    assert list((tmp_path / "open").iterdir()) == []
    assert not (yard.root.dir / "usr/escaped").exists()
    assert srpm.rpm.name == "alpha"


def test_links_that_a_build_leaves_are_not_followed(yard: Yard, tmp_path: Path) -> None:
    secret = tmp_path / "secret.rpm"
    secret.write_text("of the host")
    body = f"%build\nln -s {secret} /build/RPMS/secret.rpm; ln -s {tmp_path} /build/RPMS/all"
    _, rpms = yard(build_in_root, spec(tmp_path, "alpha", body))
    assert [rpm.name for rpm in rpms] == ["alpha"]
    body = f"%global x %(ln -s {secret} /build/requires)"
    with pytest.raises(BuildError):
        yard(make_srpm, a_tree(tmp_path / "t", "beta", tags=f"{body}\n%{{x}}"))


def test_two_files_of_one_name_are_told(yard: Yard, tmp_path: Path) -> None:
    body = "%build\nmkdir -p /build/RPMS/a /build/RPMS/b; echo x > /build/RPMS/a/x.rpm; echo y > /build/RPMS/b/x.rpm"
    with pytest.raises(BuildError, match=r"two files called x\.rpm"):
        yard(build_in_root, spec(tmp_path, "alpha", body))


def test_build_sees_no_secret_no_network_and_no_root(
    yard: Yard, tmp_path: Path, run: HostRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    install = (
        "d=%{buildroot}/usr/share/alpha; id -u > $d/uid; env > $d/env; cat /proc/net/dev > $d/net\n"
        "cat /proc/self/status > $d/status; touch /usr/x && exit 1; touch /sources/x && exit 1; :\n"
    )
    tree = a_tree(tmp_path / "t", "alpha", install=install)
    tree.spec_path.write_text(tree.spec_path.read_text() + "/usr/share/alpha/*\n")
    _, (rpm,) = yard(build_in_root, tree)
    found = content(rpm, tmp_path, run) / "usr/share/alpha"
    assert (found / "uid").read_text() == "1000\n"
    assert "canary" not in (found / "env").read_text()
    assert {line.split(":")[0].strip() for line in (found / "net").read_text().splitlines()[2:]} == {"lo"}
    status = dict(line.split(":\t", 1) for line in (found / "status").read_text().splitlines() if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_failure_tells_cause_and_log(yard: Yard, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        yard(build_in_root, spec(tmp_path, "alpha", "%build\nno-such-program --fast\n"))
    problem = caught.value.problems[0]
    assert problem.what == "alpha does not build: the command no-such-program is missing (in %build)"
    assert "BuildRequires: /usr/bin/no-such-program" in problem.hint
    assert str(yard.log) in problem.hint
    assert "no-such-program" in yard.log.read_text()


def test_limits_are_told_apart(yard: Yard, tmp_path: Path) -> None:
    small = structs.replace(LIMITS, memory_mib=64)
    with pytest.raises(OutOfMemoryError, match="the build of alpha used more than 64 MiB of memory"):
        yard(build_in_root, spec(tmp_path, "alpha", "%build\nx=xxxxxxxx; while :; do x=$x$x; done\n"), small)
    with pytest.raises(BuildError, match="printed nothing for 2 s"):
        yard(build_in_root, spec(tmp_path, "beta", "%build\nsleep 100\n"), structs.replace(LIMITS, silent_s=2))


def test_component_without_packages_is_told(yard: Yard, tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "t", "alpha")
    tree.spec_path.write_text(tree.spec_path.read_text().partition("%files")[0])
    with pytest.raises(BuildError):
        yard(build_in_root, tree)
