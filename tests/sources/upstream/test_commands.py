"""From a lock to a prepared tree, by the commands that people type, with real servers on loopback."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import BRANCH
from tests.sources.upstream.yard_site import sha512

from boatyard.flow.autospec import find_rpmautospec

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite
    from tests.web_server import Web

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


def test_a_second_update_changes_nothing_and_asks_nobody(yard: YardSite) -> None:
    yard.package("a")
    yard.components["a"] = ""
    yard.write()
    yard.run("component", "update", "a")
    before, asked = yard.lock("a"), len(yard.forge.requests)
    assert yard.run("component", "update", "a", "--check-only")[:2] == (0, "")
    assert yard.run("component", "update", "a")[:2] == (0, "")
    assert (yard.lock("a"), len(yard.forge.requests)) == (before, asked)


def test_what_would_change_is_told_and_not_written(yard: YardSite) -> None:
    yard.package("a")
    yard.components["a"] = ""
    yard.write()
    code, out, err = yard.run("component", "update", "a", "--check-only")
    assert code == 8
    assert "a: locked to" in out
    assert "1 component(s) would change: a" in err
    assert not (yard.dir / "locks").exists()
    yard.run("component", "update", "a")
    before = yard.lock("a")
    yard.components["a"] = 'build = { without = ["docs"] }\n'
    yard.write()
    assert yard.run("component", "update", "a", "--check-only")[:2] == (
        8,
        "a: its configuration or its files changed\n",
    )
    assert yard.lock("a") == before


def test_bump_needs_no_server(yard: YardSite) -> None:
    yard.package("a")
    yard.components["a"] = ""
    yard.write()
    code, _, err = yard.run("component", "update", "a", "--bump")
    assert code == 9
    assert "no lock" in err
    yard.run("component", "update", "a")
    before, asked = yard.lock("a"), len(yard.forge.requests)
    assert yard.run("component", "update", "a", "--bump")[:2] == (0, "a: manual bump 0 → 1\n")
    assert "manual-bump = 1\n" in yard.lock("a")
    assert yard.lock("a").splitlines()[5] != before.splitlines()[4]
    assert len(yard.forge.requests) == asked


def test_a_lock_of_azldev_is_kept_as_it_is(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    yard.run("component", "update", "a")
    own = yard.lock("a")
    lines = [f"input-fingerprint = 'sha256:{'0' * 64}'" if "input-f" in line else line for line in own.splitlines()]
    foreign = "\n".join(lines) + "\n"
    (yard.dir / "locks/a.lock").write_text(foreign)
    code, out, err = yard.run("component", "update", "a")
    assert (code, out) == (0, ""), err
    assert yard.lock("a") == foreign
    yard.run("component", "update", "a", "--force-recalculate")
    assert yard.lock("a") == own


def test_changes_as_data(yard: YardSite) -> None:
    then = yard.package("a")
    yard.components["a"] = ""
    yard.write()
    locked = yard.run_json("component", "update", "a")
    assert locked == [
        {"component": "a", "changed": True, "changes": [f"locked to {then[:12]}"], "upstreamCommit": then}
    ]
    now = yard.package("a", archive=b"newer")
    [moved] = yard.run_json("component", "update", "a", "--force-recalculate")
    assert (moved["previousCommit"], moved["upstreamCommit"]) == (then, now)
    assert f"import-commit = '{then}'\nupstream-commit = '{now}'" in yard.lock("a")


def test_nothing_is_written_when_one_fails(yard: YardSite) -> None:
    yard.package("a")
    yard.components |= {"a": "", "gone": ""}
    yard.write()
    code, _, err = yard.run("component", "update", "-a")
    assert code == 3
    assert "gone" in err
    assert not (yard.dir / "locks").exists()


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


def source_file(name: str, data: bytes, uri: str, more: str = "") -> str:
    return (
        f'{{ filename = "{name}", hash = "{sha512(data)}", hash-type = "SHA512",'
        f' origin = {{ type = "download", uri = "{uri}" }}{more} }}'
    )


def test_files_of_the_project_are_added_and_replace_those_of_upstream(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.web.files |= {"/one": NEW, "/two": b"replaced"}
    replaced = source_file(
        "a.tar.gz", b"replaced", f"{yard.web.url}/two", ', replace-upstream = true, replace-reason = "r"'
    )
    yard.components["a"] = (
        f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
        f"source-files = [{source_file('one.tgz', NEW, f'{yard.web.url}/one')}, {replaced}]\n"
    )
    yard.write()
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 0, err
    made = yard.tree("tree")
    assert (made["one.tgz"], made["a.tar.gz"]) == (NEW, b"replaced")
    assert made["sources"].decode() == (
        f"SHA512 (a.tar.gz) = {sha512(b'replaced')}\nSHA512 (one.tgz) = {sha512(NEW)}\n"
    )
    assert {path for path in yard.web.requests if "/pkgs/" not in path} == {"/one", "/two"}


def test_origins_may_be_disabled(yard: YardSite) -> None:
    commit = yard.package("a")
    yard.web.files["/one"] = NEW
    yard.components["a"] = (
        f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
        f"source-files = [{source_file('one.tgz', NEW, f'{yard.web.url}/one')}]\n"
    )
    yard.write()
    text = (yard.dir / "azldev.toml").read_text().replace("[distros.up]\n", "[distros.up]\ndisable-origins = true\n")
    (yard.dir / "azldev.toml").write_text(text)
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 3
    assert "no such file" in err
    assert "/one" not in yard.web.requests


def test_a_file_known_by_md5_only_is_locked_by_sha512(yard: YardSite) -> None:
    md5 = hashlib.md5(NEW, usedforsecurity=False).hexdigest()
    yard.web.files[f"/pkgs/a/old.tgz/md5/{md5}/old.tgz"] = NEW
    commit = yard.package("a", files={"sources": f"{md5}  old.tgz\n"})
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert code == 6
    assert "only the MD5 of old.tgz is known" in err
    yard.run("component", "update", "a")
    assert (yard.dir / "locks/a.digests").read_text().splitlines()[2:] == [f"{md5} {sha512(NEW)}  old.tgz"]
    code, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"), "--offline")
    assert code == 0, err
    assert yard.tree("tree")["old.tgz"] == NEW


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("SHA512 (../x) = " + "0" * 128, 3, "no plain file name"),
        ("SHA512 (.git) = " + "0" * 128, 3, "no plain file name"),
        ("SHA1 (x) = " + "0" * 40, 3, "cannot be checked"),
        ("SHA512 (x) = ab", 3, "cannot be checked"),
        ("SHA512 (a.spec) = " + "0" * 128, 6, "beside the spec"),
        ("what is this", 5, "invalid format"),
    ],
)
def test_hostile_sources_files(yard: YardSite, line: str, code: int, said: str) -> None:
    commit = yard.package("a", files={"sources": line + "\n"})
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{commit}" }}\n'
    yard.write()
    got, _, err = yard.run("component", "prepare-sources", "a", "--output-dir", str(yard.dir / "tree"))
    assert (got, said in err) == (code, True), err
    assert not (yard.dir / "tree").exists()
    assert sorted(path.name for path in yard.dir.iterdir()) == ["azldev.toml", "build"]


def test_a_mirror_of_the_lookaside_is_asked_first(yard: YardSite, serve: object) -> None:
    other: Web = serve()  # type: ignore[operator]
    yard.package("a")
    other.files["/m/a.tar.gz"] = b"archive of a"
    yard.components["a"] = ""
    yard.write()
    yard.run("component", "update", "a")
    [mirrored] = yard.run_json("source", "mirror", "a", "--lookaside", f"{other.url}/m/$filename")
    assert mirrored["files"] == 1
    assert yard.web.requests == []
    assert other.requests == ["/m/a.tar.gz"]


def test_one_failure_does_not_stop_the_mirroring_of_others(yard: YardSite) -> None:
    yard.package("a")
    yard.package("b")
    yard.web.files = {path: data for path, data in yard.web.files.items() if "/a/" not in path}
    yard.components |= {"a": "", "b": ""}
    yard.write()
    yard.run("component", "update", "-a")
    code, out, err = yard.run("source", "mirror", "-a", "-o", "json")
    assert code == 3
    assert '"files": 1' in out
    assert "no such file" in err


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
