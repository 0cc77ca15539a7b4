"""The history of a component: upstream's commits and the project's, in order, with the releases that result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.sources.upstream.conftest import forge, yard
from tests.web_server import serve, web

from boatyard.flow.autospec import find_rpmautospec
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from tests.sources.upstream.yard_site import YardSite

__all__ = ["forge", "serve", "web", "yard"]
pytestmark = pytest.mark.tool
AUTO = "Name: a\nVersion: {}\nRelease: %autorelease\n%description\nd\n%changelog\n%autochangelog\n"
STATIC = "Name: a\nVersion: {}\nRelease: {}%{{?dist}}\n%description\nd\n"


def git(yard: YardSite, *words: str, date: str = "2026-05-01T00:00:00Z") -> None:
    who = {
        "GIT_AUTHOR_NAME": "Bea", "GIT_AUTHOR_EMAIL": "bea@example.org", "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_NAME": "Bea", "GIT_COMMITTER_EMAIL": "bea@example.org", "GIT_COMMITTER_DATE": date,
    }  # fmt: skip
    yard.forge.run(Command(argv=("git", "-C", str(yard.dir), *words), env=who))


def commit(yard: YardSite, subject: str) -> None:
    git(yard, "add", "-A")
    git(yard, "commit", "-q", "-m", subject)


def upstream(yard: YardSite, spec: str, day: int) -> str:
    return yard.package("a", files={"a.spec": spec}, date=f"2026-01-{day:02}T00:00:00Z")


def lock_at(yard: YardSite, pin: str, subject: str, more: str = "") -> None:
    """Pins the component to a commit, locks it, and commits both."""
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{pin}" }}\n{more}'
    yard.write()
    code, _, err = yard.run("component", "update", "a")
    assert code == 0, err
    commit(yard, subject)


def told(yard: YardSite) -> list[tuple[str, str, str]]:
    """Kind, subject and release of each entry."""
    [found] = yard.run_json("component", "history", "a")
    return [(entry["kind"], entry["subject"], entry["release"]) for entry in found["history"]]


def test_changes_stand_where_they_were_made_and_raise_the_release(yard: YardSite) -> None:
    if find_rpmautospec() is None:
        pytest.skip("rpmautospec is not installed")
    upstream(yard, AUTO.format(1), 1)
    first = upstream(yard, AUTO.format(1) + "\n", 2)
    upstream(yard, AUTO.format(2), 3)
    second = upstream(yard, AUTO.format(2) + "\n", 4)
    git(yard, "init", "-q", "-b", "main")
    lock_at(yard, first, "Take a")
    lock_at(yard, first, "Leave docs out", 'build = { without = ["docs"] }\n')
    lock_at(yard, second, "Update a", 'build = { without = ["docs"] }\n')
    yard.run("component", "update", "a", "--bump")
    commit(yard, "Build a again")
    assert told(yard) == [
        ("upstream", "change of 2026-01-02T00:00:00Z", "2"),
        ("project", "Take a", "3"),
        ("project", "Leave docs out", "4"),
        ("upstream", "change of 2026-01-03T00:00:00Z", "1"),
        ("upstream", "change of 2026-01-04T00:00:00Z", "2"),
        ("project", "Update a", "3"),
        ("project", "Build a again", "4"),
    ]
    assert yard.run("component", "render", "a", "--offline")[0] == 0
    assert b"release_number = 4;" in yard.tree("specs")["a/a/a.spec"]


def test_static_releases_go_up_by_the_changes(yard: YardSite) -> None:
    first = upstream(yard, STATIC.format(1, 5), 1)
    second = upstream(yard, STATIC.format(2, 1), 2)
    git(yard, "init", "-q", "-b", "main")
    lock_at(yard, first, "Take a")
    lock_at(yard, second, "Update a")
    releases = [("5%{?dist}", False), ("6%{?dist}", True), ("1%{?dist}", False), ("3%{?dist}", True)]
    assert [(release, kind == "project") for kind, _, release in told(yard)] == releases
    assert yard.run("component", "render", "a", "--offline")[0] == 0
    assert b"Release: 3%{?dist}\n" in yard.tree("specs")["a/a/a.spec"]


def test_the_table_and_the_data(yard: YardSite) -> None:
    first = upstream(yard, STATIC.format(1, 5), 1)
    git(yard, "init", "-q", "-b", "main")
    lock_at(yard, first, "Take a")
    code, out, err = yard.run("component", "history", "a")
    assert code == 0, err
    lines = [line.split(maxsplit=5) for line in out.splitlines()]
    assert lines[0] == ["COMPONENT", "RELEASE", "COMMIT", "DATE", "BY", "SUBJECT"]
    assert lines[1][:5] == ["a", "5%{?dist}", first[:12], "2026-01-01", "Ada"]
    assert lines[2][5] == "(project)  Take a"
    [record] = yard.run_json("component", "history", "a")
    [change] = record.pop("fingerprintChangeDetails")
    assert len(change.pop("hash")) == 40
    assert change == {
        "author": "Bea",
        "authorEmail": "bea@example.org",
        "timestamp": "2026-05-01T00:00:00Z",
        "message": "Take a",
        "upstreamCommit": first,
    }
    assert (record["fingerprintChanges"], record["hasLock"], record["hasImport"]) == (1, True, True)
    assert (record["warnings"], record["tomlPath"]) == ([], str(yard.dir / "azldev.toml"))


def test_changes_at_commits_that_upstream_removed_are_told(yard: YardSite, capsys: Any) -> None:
    first = upstream(yard, STATIC.format(1, 1), 1)
    git(yard, "init", "-q", "-b", "main")
    lock_at(yard, first, "Take a")
    lost = upstream(yard, STATIC.format(2, 1), 2)
    lock_at(yard, lost, "Update a")
    other = yard.package("a", files={"a.spec": STATIC.format(3, 1)}, parents=(first,), date="2026-01-03T00:00:00Z")
    lock_at(yard, other, "Follow upstream")
    [record] = yard.run_json("component", "history", "a")
    assert [entry["subject"] for entry in record["history"] if entry["kind"] == "project"] == [
        "Take a",
        "Follow upstream",
    ]
    [warning] = record["warnings"]
    assert warning.startswith(f"1 changes of the project count for no release: they were made at {lost[:12]}, which")


def test_a_local_component_begins_with_its_folder(yard: YardSite) -> None:
    yard.components["a"] = 'spec = { type = "local", path = "a/a.spec" }\n'
    yard.components["other"] = ""
    yard.write()
    (yard.dir / "a").mkdir()
    (yard.dir / "a/a.spec").write_text(STATIC.format(1, 1))
    git(yard, "init", "-q", "-b", "main")
    code, _, err = yard.run("component", "update", "a")
    assert code == 0, err
    commit(yard, "Write a")
    assert told(yard) == [("upstream", "Initial sources", "1%{?dist}"), ("project", "Write a", "2%{?dist}")]


def test_without_a_committed_lock_only_upstream_is_known(yard: YardSite) -> None:
    first = upstream(yard, STATIC.format(1, 1), 1)
    yard.components["a"] = f'spec = {{ type = "upstream", upstream-commit = "{first}" }}\n'
    yard.write()
    [record] = yard.run_json("component", "history", "a")
    assert [entry["kind"] for entry in record["history"]] == ["upstream"]
    assert (record["hasLock"], record["warnings"][0][:28]) == (False, "its lock is not committed, s")
