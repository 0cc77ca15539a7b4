"""What `component update` writes, tells and leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite

pytestmark = pytest.mark.tool


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


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"sources": "\ufeffnothing\n"}, "error: odd: invalid format in sources file at line 1"),
        ({"sources/x": ""}, "error: odd: the commit holds 'sources' of the kind 040000"),
    ],
)
def test_of_many_components_the_one_that_is_wrong_is_named(yard: YardSite, files: dict[str, str], told: str) -> None:
    for name in ("a", "b", "c"):
        yard.package(name)
    yard.forge.commit("odd", {"odd.spec": "Name: odd\n"} | files)
    yard.components |= dict.fromkeys(("a", "b", "c", "odd"), "")
    yard.write()
    code, _, err = yard.run("component", "update", "-a")
    assert code in (3, 5)
    assert told in err
    assert not (yard.dir / "locks").exists()


def test_a_spec_that_is_a_link_is_told(yard: YardSite) -> None:
    files = {"real.spec": "Name: a\n", "a.spec": "real.spec"}
    yard.forge.commit("a", files, modes={"a.spec": "120000"})
    yard.components["a"] = ""
    yard.write()
    assert yard.run("component", "update", "-a")[0] == 0
    code, _, err = yard.run("component", "diff-sources", "a")
    assert code == 5
    assert "the spec a.spec is a link to real.spec" in err
