"""Channels from packages to signed repositories that dnf accepts and that nobody can change unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.spec_file import a_tree

from boatyard.artifact.build_result import RpmFile
from boatyard.base.error import BuildError
from boatyard.base.nevra import Evr
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.ports.progress import silent
from boatyard.ports.run import Command
from boatyard.repo.compose import find_compose, make_current, plan_compose, write_compose
from boatyard.repo.signed import SignedStore
from boatyard.rpm.key import find_or_make_key
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.ports.run import HostRunner


def rpm(name: str, tmp: Path, *, digest: str = "0" * 64) -> RpmFile:
    return RpmFile(path=tmp / f"{name}.rpm", name=name, evr=Evr("1", "1"), arch="noarch", size=1, sha256=digest)


def test_plan_sorts_packages_into_channels(tmp_path: Path) -> None:
    plan = plan_compose(
        [(rpm("b", tmp_path), "x"), (rpm("a", tmp_path), "x"), (rpm("c", tmp_path), "none")], ["x", "y"], "k"
    )
    assert {name: [r.name for r in rpms] for name, rpms in plan.channels.items()} == {"x": ["a", "b"], "y": []}


def test_revision_names_the_content(tmp_path: Path) -> None:
    one, other = (rpm("a", tmp_path), "x"), (rpm("a", tmp_path, digest="1" * 64), "x")
    revisions = [
        plan_compose(content, channels, key).revision
        for content, channels, key in (
            ([one], ["x"], "k"),
            ([one], ["x"], "other key"),
            ([one], ["x", "y"], "k"),
            ([other], ["x"], "k"),
            ([], ["x"], "k"),
        )
    ]
    assert len(set(revisions)) == 5
    assert plan_compose([one], ["x"], "k").revision == revisions[0]


def test_unknown_channel_and_twice_built_package_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="channel 'z'") as caught:
        plan_compose([(rpm("a", tmp_path), "z")], ["x", "y"], "k")
    assert "x, y" in caught.value.hint
    with pytest.raises(BuildError, match="more than one component"):
        plan_compose([(rpm("a", tmp_path), "x"), (rpm("a", tmp_path), "y")], ["x", "y"], "k")
    one = rpm("a", tmp_path)
    with pytest.raises(BuildError, match="is built by more than one component: zlib, zlib-ng"):
        plan_compose([(one, "x"), (one, "x")], ["x"], "k", makers={one.file_name: ["zlib-ng", "zlib"]})


@pytest.fixture
def composed(tmp_path: Path, run: HostRunner) -> Compose:
    environment = find_environment(Arch.X86_64, run)
    results = []
    for name, tags in (("alpha", "Requires: beta"), ("beta", "")):
        (tmp_path / name).mkdir()
        tree = a_tree(tmp_path / "src" / name, name, tags=tags)
        results += run_build(tree, environment, tmp_path / name, tmp_path / f"{name}.log", run)
    key = find_or_make_key(tmp_path / "keys/yard", "Yard", "yard@localhost", run)
    plan = plan_compose(
        [(r, "base" if r.name == "alpha" else "vendor") for r in results], ["base", "vendor"], key.digest
    )
    store = SignedStore(tmp_path / "signed", key)
    assert store.sign(plan.rpms, run, silent()) == 2
    assert store.sign(plan.rpms, run, silent()) == 0
    compose = write_compose(tmp_path / "repo", plan, store, key, Arch.X86_64, run)
    assert find_compose(tmp_path / "repo", plan) == compose
    return compose


def dnf(compose: Compose, tmp_path: Path, run: HostRunner, *words: str) -> str:
    """dnf as the image builder and the guests run it: everything checked, nothing skipped."""
    repos = [
        f"[{s.channel}]\nname={s.channel}\nbaseurl=file://{s.dir}\ngpgcheck=1\nrepo_gpgcheck=1\n"
        f"skip_if_unavailable=0\ngpgkey=file://{s.key_file}\n"
        for s in compose.channels
    ]
    config = tmp_path / "dnf.conf"
    folders = "".join(f"{name}={tmp_path}/dnf/{name}\n" for name in ("cachedir", "persistdir", "logdir"))
    config.write_text("[main]\nreposdir=/nonexistent\nplugins=0\n" + folders + "\n" + "".join(repos))
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    argv = ("dnf", "-c", str(config), f"--installroot={root}", "--releasever=1", "-y", "--forcearch=x86_64", *words)
    return run(Command(argv=argv, ok=(0, 1), env={"HOME": str(tmp_path)}, log=tmp_path / "dnf.log")).text


@pytest.mark.tool
def test_dnf_installs_from_both_channels(tmp_path: Path, composed: Compose, run: HostRunner) -> None:
    assert "Complete!" in dnf(composed, tmp_path, run, "install", "--downloadonly", "alpha")
    listed = dnf(composed, tmp_path, run, "-q", "repoquery", "--qf", "%{name} %{repoid}").split("\n")
    assert {"alpha base", "beta vendor"} <= set(listed)


@pytest.mark.tool
@pytest.mark.parametrize("name", ["repomd.xml", "repomd.xml.asc", "primary"])
def test_dnf_refuses_changed_metadata(tmp_path: Path, composed: Compose, run: HostRunner, name: str) -> None:
    (path,) = (composed.channels[0].dir / "repodata").glob(f"*{name}*.gz" if name == "primary" else name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    text = dnf(composed, tmp_path, run, "repoquery", "alpha")
    assert "Error: Failed to download metadata for repo 'base'" in text


@pytest.mark.tool
def test_broken_closure_is_not_published(tmp_path: Path, run: HostRunner) -> None:
    environment = find_environment(Arch.X86_64, run)
    (tmp_path / "work").mkdir()
    tree = a_tree(tmp_path / "src", "lonely", tags="Requires: nowhere")
    rpms = run_build(tree, environment, tmp_path / "work", tmp_path / "log", run)
    key = find_or_make_key(tmp_path / "keys/yard", "Yard", "yard@localhost", run)
    plan, store = plan_compose([(r, "base") for r in rpms], ["base"], key.digest), SignedStore(tmp_path / "signed", key)
    store.sign(plan.rpms, run, silent())
    with pytest.raises(BuildError, match="cannot be installed") as caught:
        write_compose(tmp_path / "repo", plan, store, key, Arch.X86_64, run)
    assert "nowhere" in caught.value.problems[0].detail
    assert find_compose(tmp_path / "repo", plan) is None


@pytest.mark.tool
def test_current_moves_in_one_step(tmp_path: Path, composed: Compose) -> None:
    root = tmp_path / "repo"
    assert make_current(root, composed).resolve() == composed.dir
    assert make_current(root, composed).resolve() == composed.dir
    assert [path.name for path in root.iterdir() if path.name.startswith(".tmp-")] == []
