"""Which components changed between two commits: every kind of change, and `sources` that somebody edited."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.render.conftest import Site, site

from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["site"]
pytestmark = pytest.mark.tool
NAMES = ("added", "bumped", "edited", "gone", "moved", "never", "same", "unlocked")
SEED = 'lock-version = 1\nkind = "deb"\n[x86_64]\nsource = "a"\nversion = "{}"\n'


def a_lock(fingerprint: str, commit: str = "1" * 40, bump: int = 0) -> str:
    more = f"manual-bump = {bump}\n" if bump else ""
    return f"version = 1\nupstream-commit = '{commit}'\n{more}input-fingerprint = 'boatyard-1:{fingerprint}'\n"


@dataclass
class Past:
    """A project in git. `run`: exit code, stdout and stderr of `component changed`."""

    site: Site
    capsys: pytest.CaptureFixture[str]

    def write(self, names: tuple[str, ...], settings: str = "") -> None:
        tables = "".join(f'[components."{name}"]\nspec = {{ type = "upstream" }}\n' for name in names)
        self.site.write({"azldev.toml": f"[project]\n{settings}\n{tables}"})

    def run(self, *words: str) -> tuple[int, str, str]:
        code = main(["component", "changed", *words, "-C", str(self.site.dir), "-q"])
        told = self.capsys.readouterr()
        return code, told.out, told.err

    def json(self, *words: str) -> Any:
        code, out, err = self.run(*words, "-o", "json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def past(site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Past:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    site.git("init", "-q", "-b", "main")
    return Past(site, capsys)


def two_commits(past: Past) -> None:
    past.write(NAMES)
    locks = {name: a_lock(name) for name in ("bumped", "edited", "gone", "moved", "same", "unlocked")}
    past.site.write({f"locks/{name}.lock": text for name, text in locks.items()})
    past.site.write({"specs/m/moved/sources": "old\n", "specs/s/same/sources": "s\n", "specs/e/edited/sources": "e\n"})
    past.site.commit("before")
    past.site.git("tag", "before")
    past.write(tuple(name for name in NAMES if name != "gone"))
    for name in ("gone", "unlocked"):
        (past.site.dir / f"locks/{name}.lock").unlink()
    past.site.write(
        {
            "locks/added.lock": a_lock("added"),
            "locks/bumped.lock": a_lock("bumped 2".replace(" ", "-"), bump=1),
            "locks/moved.lock": a_lock("moved2", "2" * 40),
            "locks/edited.lock": a_lock("edited") + "resolution-input-hash = 'sha256:1'\n",
            "specs/m/moved/sources": "new\n",
            "specs/s/same/same.spec": "a spec alone is no matter of sources\n",
        }
    )
    past.site.commit("after")


def test_every_kind_of_change(past: Past) -> None:
    two_commits(past)
    assert past.json("--from", "before", "-a") == [
        {"component": "added", "changeType": "added", "sourcesChange": False},
        {"component": "bumped", "changeType": "changed", "sourcesChange": False},
        {"component": "gone", "changeType": "deleted", "sourcesChange": False},
        {"component": "moved", "changeType": "changed", "sourcesChange": True},
        {"component": "unlocked", "changeType": "changed", "sourcesChange": False},
    ]
    everything = past.json("--from", "before", "-a", "--include-unchanged")
    assert [one["component"] for one in everything if one["changeType"] == "unchanged"] == ["edited", "never", "same"]


def test_the_reasons_are_told(past: Past) -> None:
    two_commits(past)
    why = {one["component"]: one["why"] for one in past.json("--from", "before", "-a", "--why")}
    assert why == {
        "added": [f"locked to {'1' * 12}"],
        "bumped": ["manual bump 0 → 1"],
        "gone": [],
        "moved": [f"{'1' * 12} → {'2' * 12}"],
        "unlocked": ["its lock is gone"],
    }
    assert past.run("--from", "before", "moved", "--why")[1].splitlines() == [
        "COMPONENT  CHANGE   SOURCES  WHY",
        f"moved      changed  changed  {'1' * 12} → {'2' * 12}",
    ]


def test_components_that_are_named_are_always_told(past: Past) -> None:
    two_commits(past)
    assert past.json("--from", "before", "same", "never") == [
        {"component": "never", "changeType": "unchanged", "sourcesChange": False},
        {"component": "same", "changeType": "unchanged", "sourcesChange": False},
    ]


def test_backwards_what_was_added_is_gone(past: Past) -> None:
    two_commits(past)
    kinds = {one["component"]: one["changeType"] for one in past.json("--from", "HEAD", "--to", "before", "-a")}
    assert kinds == {"added": "changed", "bumped": "changed", "gone": "added", "moved": "changed", "unlocked": "added"}


def test_edited_sources_fail(past: Past) -> None:
    two_commits(past)
    past.site.write({"specs/e/edited/sources": "SHA512 (evil.tar) = 00\n"})
    past.site.commit("evil")
    code, out, err = past.run("--from", "before", "-a")
    assert (code, out) == (8, "")
    assert "found 1 component(s) with unchanged fingerprint but drifted rendered sources: edited" in err
    assert past.run("--from", "before", "moved")[0] == 0, "only what is selected is looked at"


def test_a_damaged_lock_of_the_past_is_a_change_and_of_now_an_error(past: Past) -> None:
    past.write(("a",))
    past.site.write({"locks/a.lock": "<<<<<<< HEAD\n"})
    past.site.commit("conflict")
    past.site.git("tag", "before")
    past.site.write({"locks/a.lock": a_lock("a")})
    past.site.commit("mended")
    assert [one["changeType"] for one in past.json("--from", "before", "-a")] == ["changed"]
    code, _, err = past.run("--from", "HEAD", "--to", "before", "-a")
    assert (code, "merge conflict" in err) == (2, True)


def test_locks_of_seed_components_have_no_fingerprint(past: Past) -> None:
    past.write(("a", "b"))
    past.site.write({"locks/a.lock": SEED.format(1), "locks/b.lock": SEED.format(1), "specs/b/b/sources": "1"})
    past.site.commit("before")
    past.site.git("tag", "before")
    past.site.write({"locks/a.lock": SEED.format(2), "specs/b/b/sources": "2"})
    past.site.commit("after")
    assert past.json("--from", "before", "-a", "--why") == [
        {"component": "a", "changeType": "changed", "sourcesChange": False, "why": ["the locked packages changed"]},
        {"component": "b", "changeType": "unchanged", "sourcesChange": True, "why": []},
    ]


def test_a_project_below_the_top_of_its_repository(past: Past, site: Site) -> None:
    inner = Past(Site(site.dir / "distro", site.run), past.capsys)
    inner.write(("a++",))
    inner.site.write({"locks/a++.lock": a_lock("1"), "specs/a/a++/sources": "1"})
    site.commit("one")
    inner.site.write({"locks/a++.lock": a_lock("2"), "specs/a/a++/sources": "2"})
    site.commit("two")
    assert inner.json("--from", "HEAD~", "-a") == [{"component": "a++", "changeType": "changed", "sourcesChange": True}]


@pytest.mark.parametrize("reference", ["nowhere", "--output=x", "", "HEAD:locks", "main..main"])
def test_names_that_are_no_commit(past: Past, reference: str) -> None:
    two_commits(past)
    code, _, err = past.run(f"--from={reference}", "-a")
    assert (code, "no commit" in err) == (9, True), err


def test_outside_of_git(past: Past, tmp_path: Path, site: Site) -> None:
    other = Past(Site(tmp_path / "other", site.run), past.capsys)
    other.write(("a",))
    code, _, err = other.run("--from", "HEAD", "-a")
    assert (code, "in no git repository" in err) == (3, True)
    past.write(("a",), f'lock-dir = "{tmp_path}/elsewhere"')
    past.site.commit("one")
    code, _, err = past.run("--from", "HEAD", "-a")
    assert (code, "is not in the git repository" in err) == (3, True)
