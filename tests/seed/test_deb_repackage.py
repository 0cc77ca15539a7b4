"""From .debs to a source tree: the golden spec, equal bytes, and a real rpmbuild."""

from __future__ import annotations

import os
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.seed.deb_file import DATE, a_deb, a_file, a_folder, a_link

from boatyard.base.digest import sha256_bytes, sha256_tree
from boatyard.base.error import ConfigError, SourceError
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.config.model.seed import DebSpec, PackageRules, Seed, SeedRules, Trigger
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import silent
from boatyard.ports.run import Command
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.deb.index import Wanted, read_index
from boatyard.sources.deb.lock import DebLock, LockedDeb, plan_lock
from boatyard.sources.deb.mirror import find_mirror
from boatyard.sources.deb.release import Trust
from boatyard.sources.deb.repackage import tree_key, write_source_tree
from boatyard.sources.store import ContentStore
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.ports.run import HostRunner

GOLDEN = Path(__file__).parent / "golden" / "tool.spec"
SEED = Seed(
    suites=("trixie",),
    names={"libtool1": "tool-libs", "tool-doc": "tool-docs"},
    shared_directories=("/usr", "/usr/bin", "/usr/share", "/usr/share/doc", "/usr/share/licenses", "/etc"),
    drop_dependencies=("debconf",),
    requires=("filesystem",),
    exclude_requires=("/usr/bin/perl",),
)
RULES = SeedRules(
    packages={
        "tool": PackageRules(
            modes={"/etc/tool.conf": "0640"},
            links={"/usr/bin/t": "tool"},
            files={"/etc/tool.d/rate": "100%\n"},
            ghosts={"/var/lib/tool/": "0700"},
            provides=("/bin/tool",),
            scriptlets={"post": "echo ${1%%.*}\n"},
            triggers=(Trigger(when="transfiletriggerin", paths=("/usr/share/tool",), script="tool --scan"),),
        )
    }
)
COPYRIGHT = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nLicense: GPL-2+\n text\n"
DEBS = {
    "tool": a_deb(
        a_folder("./usr/bin"), a_file("./usr/bin/tool", b"#!/bin/sh\n", mode=0o4755),
        a_file("./etc/tool.conf", b"a=1\n"),
        a_folder("./usr/share/doc/tool"), a_file("./usr/share/doc/tool/copyright", COPYRIGHT),
        a_folder("./usr/share/tool"), a_file("./usr/share/tool/[x]", b"1"), a_file("./usr/share/tool/a b", b"2"),
        conffiles="/etc/tool.conf\n", depends="libtool1 (= 2:1-1), libc6 (>= 2.38), debconf | debconf-2.0, a | b",
        provides="editor",
    ),
    "libtool1": a_deb(
        a_link("./usr/share/tool.link", "tool"), package="libtool1", version="2:1-1", pre_depends="libc6",
        description="its library",
    ),
    "tool-doc": a_deb(a_file("./usr/share/doc/tool.txt", b"text"), package="tool-doc", architecture="all",
                      pack="zst"),
}  # fmt: skip


def a_lock(debs: dict[str, bytes]) -> DebLock:
    locked = tuple(
        LockedDeb(
            package=name, version="1", architecture="amd64", suite="trixie", path=f"pool/main/t/{name}.deb",
            size=len(data), sha256=sha256_bytes(data),
        )
        for name, data in sorted(debs.items())
    )  # fmt: skip
    return DebLock(component="tool", source="tool-src", version="1:2.0-3", arch=Arch.X86_64, debs=locked)


def make(folder: Path, debs: dict[str, bytes] = DEBS, rules: SeedRules = RULES) -> SourceTree:
    folder.mkdir(parents=True)
    paths = {}
    for name, data in debs.items():
        paths[name] = folder / f"{name}.deb"
        paths[name].write_bytes(data)
    return write_source_tree(a_lock(debs), paths, SEED, rules, folder / "tree")


def test_the_spec(tmp_path: Path) -> None:
    tree = make(tmp_path / "x")
    text = tree.spec_path.read_text()
    if os.environ.get("GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_equal_debs_give_equal_trees(tmp_path: Path) -> None:
    first, second = make(tmp_path / "one"), make(tmp_path / "two")
    assert sha256_tree(first.dir) == sha256_tree(second.dir)
    assert (first.key, first.epoch) == (second.key, DATE)


def test_the_key_names_everything_that_goes_in() -> None:
    lock = a_lock(DEBS)
    other_lock = structs.replace(lock, debs=(structs.replace(lock.debs[0], sha256="0" * 64), *lock.debs[1:]))
    keys = {
        tree_key(lock, SEED, RULES),
        tree_key(other_lock, SEED, RULES),
        tree_key(lock, structs.replace(SEED, requires=()), RULES),
        tree_key(lock, SEED, SeedRules()),
    }
    assert len(keys) == 4


def test_the_payload_needs_no_rights(tmp_path: Path) -> None:
    tree = make(tmp_path / "x")
    with tarfile.open(tree.dir / "payload.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid, member.mode & 0o7000) for member in members} == {(0, 0, 0)}


def test_rules_for_a_subpackage_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rules for the subpackage tols, which it does not have") as error:
        make(tmp_path / "x", rules=SeedRules(packages={"tols": PackageRules()}))
    assert "tool" in error.value.hint


def test_a_dependency_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"tool: .* is no dependency"):
        make(tmp_path / "x", debs={"tool": a_deb(depends="libc6 %{lua:os.execute('x')}")}, rules=SeedRules())


def test_hostile_text_of_a_control_file_stays_text(tmp_path: Path, run: HostRunner) -> None:
    ran = tmp_path / "ran"
    evil = f"%(touch {ran})"
    deb = a_deb(
        a_file("./usr/share/x", b"1"), homepage=evil,
        description=f"{evil}\n %post\n touch {ran}\n %{{lua:os.execute('touch {ran}')}}\n #%if\n %if 1",
    )  # fmt: skip
    tree = make(tmp_path / "x", debs={"tool": deb}, rules=SeedRules())
    result = run(Command(argv=("rpmspec", "-q", "--qf", "%{SUMMARY}|%{POSTIN}\n", str(tree.spec_path))))
    assert result.text == f"{evil}|(none)\n"
    assert not ran.exists()


@pytest.mark.tool
def test_rpmbuild_makes_the_packages(tmp_path: Path, run: HostRunner) -> None:
    tree = make(tmp_path / "x")
    work = tmp_path / "work"
    work.mkdir()
    rpms = run_build(tree, find_environment(Arch.X86_64, run), work, work / "log", run)
    assert {(rpm.name, str(rpm.evr), rpm.arch) for rpm in rpms} == {
        ("tool", "1:2.0-3", "x86_64"), ("tool-libs", "2:1-1", "x86_64"), ("tool-docs", "1:2.0-3", "noarch"),
    }  # fmt: skip
    (tool,) = [rpm.path for rpm in rpms if rpm.name == "tool"]
    query = "[%{FILENAMES} %{FILEMODES:octal} %{FILEFLAGS:fflags}\n]"
    listed = run(Command(argv=("rpm", "-qp", "--qf", query, str(tool)))).text.splitlines()
    assert listed == [
        "/etc/tool.conf 100640 cn", "/etc/tool.d 40755 ", "/etc/tool.d/rate 100644 ", "/usr/bin/t 120777 ",
        "/usr/bin/tool 104755 ", "/usr/share/doc/tool 40755 ",
        "/usr/share/licenses/tool 40755 ", "/usr/share/licenses/tool/copyright 100644 l",
        "/usr/share/tool 40755 ", "/usr/share/tool/[x] 100644 ", "/usr/share/tool/a b 100644 ",
        "/var/lib/tool 40700 g",
    ]  # fmt: skip
    requires = run(Command(argv=("rpm", "-qp", "--requires", str(tool)))).text.splitlines()
    wanted = {"filesystem", "deb(libtool1) = 2:1-1", "deb(libc6)", "(deb(a) or deb(b))", "/bin/sh"}
    assert wanted <= set(requires)
    assert not any("debconf" in line for line in requires)
    scripts = run(Command(argv=("rpm", "-qp", "--scripts", "--filetriggers", str(tool)))).text
    assert "echo ${1%%.*}" in scripts
    assert "transfiletriggerin scriptlet" in scripts


@pytest.mark.network
@pytest.mark.tool
def test_a_package_of_the_mirror(tmp_path: Path, run: HostRunner) -> None:
    seed = structs.replace(SEED, suites=("trixie", "trixie-updates", "trixie-security"), names={"libacl1": "libacl"})
    mirror, store = find_mirror(environ=os.environ), ContentStore(tmp_path / "download", Fetcher())
    index = read_index(Wanted.of(seed, Arch.X86_64), mirror, Trust(Path(seed.keyring), now=time.time()), store, run)
    lock = plan_lock("acl", DebSpec(source="acl", binaries=("libacl1",)), index, Arch.X86_64)
    debs = fetch_debs([lock], mirror, store, silent(), lambda: index)
    tree = write_source_tree(lock, debs["acl"], seed, SeedRules(), tmp_path / "tree")
    work = tmp_path / "work"
    work.mkdir()
    (rpm,) = run_build(tree, find_environment(Arch.X86_64, run), work, work / "log", run)
    assert rpm.name == "libacl"
    provides = run(Command(argv=("rpm", "-qp", "--provides", str(rpm.path)))).text
    assert "libacl.so.1()(64bit)" in provides
    requires = run(Command(argv=("rpm", "-qp", "--requires", str(rpm.path)))).text
    assert "libc.so.6(GLIBC_2" in requires
