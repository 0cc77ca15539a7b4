"""From a lock to a prepared tree, by the commands that people type, with real servers on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import BRANCH

from boatyard.flow.autospec import find_rpmautospec

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite

pytestmark = pytest.mark.tool
LATER = "2026-03-01T00:00:00Z"
NEW = b"our own archive"


def test_a_component_is_locked_mirrored_and_prepared(yard: YardSite) -> None:
    then = yard.package("a")
    yard.package("a", archive=b"newer", date=LATER)
    yard.components["a"] = 'overlays = [{ type = "spec-add-tag", tag = "BuildRequires", value = "gcc" }]\n'
    yard.write()
    code, out, _ = yard.run("component", "update", "-a")
    assert (code, out) == (0, f"a: locked to {then[:12]}\n")
    assert f"import-commit = '{then}'\nupstream-commit = '{then}'\ninput-fingerprint = 'boatyard-1:" in yard.lock("a")
    [mirrored] = yard.run_json("source", "mirror", "a")
    assert mirrored == {"component": "a", "commit": then, "files": 1, "bytes": len(b"archive of a")}

    asked = len(yard.forge.requests), len(yard.web.requests)
    code, out, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"), "--offline")
    assert (code, out) == (0, f"{yard.dir}/tree/a.spec\n"), err
    assert yard.tree("tree")["a.tar.gz"] == b"archive of a"
    assert b"BuildRequires: gcc\n" in yard.tree("tree")["a.spec"]
    code, _, err = yard.run("component", "render", "a", "--offline")
    assert code == 0, err
    assert set(yard.tree("specs")) == {"a/a/a.spec", "a/a/sources"}
    assert (len(yard.forge.requests), len(yard.web.requests)) == asked


def test_without_a_lock_nothing_is_prepared(yard: YardSite) -> None:
    yard.package("a")
    yard.components["a"] = ""
    yard.write()
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 9
    assert "no lock file for upstream component a" in err
    assert "component update a" in err
    assert not (yard.dir / "tree").exists()


def test_another_name_upstream(yard: YardSite) -> None:
    commit = yard.package("up")
    yard.components["mine"] = (
        f'spec = {{ type = "upstream", upstream-name = "up", upstream-commit = "{commit[:9]}" }}\n'
    )
    yard.write()
    code, out, err = yard.run("component", "prepare-sources", "mine", "--output-dir", str(yard.dir / "tree"))
    assert (code, out) == (0, f"{yard.dir}/tree/mine.spec\n"), err
    assert set(yard.tree("tree")) == {"mine.spec", "sources", "gating.yaml", "up.tar.gz"}


def test_a_moved_branch_leaves_the_lock_alone(yard: YardSite) -> None:
    then = yard.package("a")
    yard.components["a"] = ""
    yard.write()
    yard.run("component", "update", "a")
    yard.package("a", archive=b"rewritten", parents=())
    yard.forge.git("a", "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 0, err
    assert yard.tree("tree")["a.tar.gz"] == b"archive of a"
    assert then in yard.lock("a")


def test_the_folder_is_replaced_only_by_force(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    target = yard.dir / "tree"
    target.mkdir()
    (target / "mine").write_text("")
    command = ("component", "prepare-sources", "a", "--output-dir", str(target))
    code, _, err = yard.run(*command)
    assert (code, "not empty" in err) == (2, True)
    assert yard.run(*command, "--force", "--skip-sources", "--skip-overlays")[0] == 0
    assert set(yard.tree("tree")) == {"a.spec", "sources", "gating.yaml"}
    assert yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir), "--force")[0] == 2


def test_one_without_a_lock_does_not_stop_the_rendering_of_others(yard: YardSite) -> None:
    yard.package("a")
    yard.package("b")
    yard.components |= {"a": "", "b": ""}
    yard.write()
    yard.run("component", "update", "a")
    code, out, err = yard.run("component", "render", "-a", "-o", "json")
    assert code == 0
    assert "no lock file for upstream component b" in err
    assert '"status": "ok"' in out
    assert set(yard.tree("specs")) == {"a/a/a.spec", "a/a/sources"}


def test_rpmautospec_gets_the_history_of_the_spec(yard: YardSite) -> None:
    if find_rpmautospec() is None:
        pytest.skip("rpmautospec is not installed")
    spec = "Name: a\nVersion: {}\nRelease: %autorelease\n%description\nd\n%changelog\n%autochangelog\n"
    big = {"big.patch": "only of an old commit"}
    yard.package("a", files={"a.spec": spec.format(1), **big}, date="2026-01-01T00:00:00Z")
    yard.package("a", files={"a.spec": spec.format(2)}, date="2026-01-02T00:00:00Z")
    yard.package("a", files={"a.spec": spec.format(2) + "\n"}, date="2026-01-03T00:00:00Z")
    yard.components["a"] = ""
    yard.write()
    yard.run("component", "update", "a")
    assert yard.run("source", "mirror", "a")[0] == 0
    command = (
        "component",
        "prepare-sources",
        "a",
        "--output-dir",
        str(yard.dir / "tree"),
        "--offline",
        "--changes",
        "1",
    )
    code, _, err = yard.run(*command)
    assert code == 0, err
    made = yard.tree("tree")["a.spec"].decode()
    assert "release_number = 3;" in made  # two commits of version 2, and one change of the project
    assert "change of 2026-01-03" in made


def test_thirty_components_go_all_the_way(yard: YardSite) -> None:
    names = [f"p{number}" for number in range(30)]
    for name in names:
        yard.package(name)
        yard.components[name] = ""
    yard.write()
    code, out, err = yard.run("component", "update", "-a")
    assert (code, len(out.splitlines())) == (0, 30), err
    mirrored = yard.run_json("source", "mirror", "-a")
    assert [one["files"] for one in mirrored] == [1] * 30
    asked = len(yard.forge.requests), len(yard.web.requests)
    rendered = yard.run_json("component", "render", "-a", "--offline")
    assert [one["status"] for one in rendered] == ["ok"] * 30
    assert yard.run("component", "update", "-a", "--check-only")[:2] == (0, "")
    assert (len(yard.forge.requests), len(yard.web.requests)) == asked
