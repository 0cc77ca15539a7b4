"""Specs that rpmautospec expands, and the history it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.flow.autospec import begin_repository, find_rpmautospec, write_history
from boatyard.flow.history import read_history
from boatyard.render.autospec import asks_for_rpmautospec, needs_rpmautospec, parse_commit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.render.conftest import Site

NEEDS = [
    ("Release: 1\n%changelog\n* entry\n", False, False),
    ("Release: 1\n%changelog\n", False, False),
    ("Release: 1\n", True, False),
    ("Release: %autorelease\n%changelog\n* entry\n", True, True),
    ("Release: 1\n%changelog\n%autochangelog\n", True, True),
    ("Release: %{?autorelease:1}\n%changelog\n", False, False),
    ("## START: Set by rpmautospec\nRelease: %autorelease\n", False, False),
]


@pytest.mark.parametrize(("text", "needs", "asks"), NEEDS)
def test_which_specs_need_it(text: str, needs: bool, asks: bool) -> None:
    lines = text.split("\n")
    assert (needs_rpmautospec(lines), asks_for_rpmautospec(lines)) == (needs, asks)


def test_a_commit_is_read() -> None:
    commit = parse_commit(
        b"tree t\nparent p\nauthor A <a> 1 +0100\ncommitter C <c> 2 +0000\ngpgsig x\n y\n\nsubject\n\nbody\n"
    )
    assert (commit.tree, commit.author, commit.committer) == ("t", b"A <a> 1 +0100", b"C <c> 2 +0000")
    assert commit.message == b"subject\n\nbody\n"


def a_lock(fingerprint: str, upstream: str, oldest: str = "") -> str:
    commits = f"import-commit = '{oldest}'\nupstream-commit = '{upstream}'\n"
    return f"version = 1\n{commits}input-fingerprint = '{fingerprint}'\n"


def log(repository: Path, site: Site) -> list[str]:
    return site.git(f"--git-dir={repository}", "log", "--reverse", "--format=%s|%an|%at|%P", "main").splitlines()


@pytest.mark.tool
def test_changes_stand_among_upstream_commits(site: Site) -> None:
    """Upstream 1, 2, 3, 4; imported at 2; changed at 2, at 3 and twice at 4."""
    site.git("init", "-q")
    site.write({".gitignore": "up\n"})
    site.write({"up/a.spec": "Name: a\nVersion: 1\nRelease: %autorelease\n"})
    site.git("init", "-q", at="up")
    ups = []
    for number in range(1, 5):
        site.write({"up/f": str(number)})
        ups.append(site.commit(f"up {number}", at="up", date=f"2026-01-0{number}T00:00:00Z"))
    for number, up in enumerate((ups[1], ups[2], ups[3], ups[3])):
        site.write({"locks/a.lock": a_lock(str(number), up, ups[1])})
        site.commit(f"change {number}", date=f"2026-02-0{number + 1}T00:00:00Z")
    history = read_history(site.dir / "locks/a.lock", site.run)
    tree = site.dir / "tree"
    site.write({"tree/a.spec": "changed", "tree/.gitignore": "*"})
    repository = begin_repository(site.dir / "tree.git", tree, site.dir / "up", site.run)
    write_history(repository, "", site.dir / "up", history, 0)
    shown = log(site.dir / "tree.git", site)
    subjects = [line.split("|")[0] for line in shown]
    assert subjects == ["up 1", "up 2", "change 0", "up 3", "change 1", "up 4", "change 2", "change 3"]
    assert shown[1] == f"up 2|Ada|1767312000|{ups[0]}"
    assert shown[2].split("|")[1:3] == ["Ada", "1769904000"]
    at = f"--git-dir={site.dir / 'tree.git'}"
    assert site.git(at, "show", "main~1:f") == "4"
    assert site.git(at, "ls-tree", "--name-only", "main").split() == [".gitignore", "a.spec"]
    body = site.git(at, "log", "-1", "--format=%b", "main")
    assert history is not None
    assert body == f"Project commit: {history.changes[-1].commit}"
    assert site.git(at, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.tool
def test_a_local_component_begins_with_its_own_files(site: Site) -> None:
    site.write({"tree/a.spec": "Name: a\n"})
    repository = begin_repository(site.dir / "tree.git", site.dir / "tree", None, site.run)
    first = repository.snapshot()
    site.write({"tree/a.spec": "Name: b\n"})
    write_history(repository, first, None, None, 2)
    shown = [line.split("|")[:3] for line in log(site.dir / "tree.git", site)]
    local = ["Local changes (uncommitted)", "azldev", "0"]
    assert shown == [["Initial sources", "azldev", "0"], local, local]
    at = f"--git-dir={site.dir / 'tree.git'}"
    assert [site.git(at, "show", f"main{back}:a.spec") for back in ("~2", "~1", "")] == [
        "Name: a",
        "Name: a",
        "Name: b",
    ]


@pytest.mark.tool
def test_the_release_counts_upstream_and_project(site: Site) -> None:
    program = find_rpmautospec()
    if program is None:
        pytest.skip("rpmautospec is not installed")
    spec = "Name: up\nVersion: 1\nRelease: %autorelease\n%description\nd\n%changelog\n%autochangelog\n"
    site.write({"azldev.toml": '[components.up]\nspec = { type = "upstream" }\n', "git/up/up.spec": spec})
    site.git("init", "-q", at="git/up")
    site.commit("one", at="git/up")
    site.write({"git/up/f": "2"})
    site.commit("two", at="git/up")
    [result] = site.render(checkouts=site.dir / "git", changes=1, rpmautospec=program)
    assert (result.error, result.unexpanded) == (None, False)
    lines = site.files()["u/up/up.spec"].decode().splitlines()
    assert lines[0] == "## START: Set by rpmautospec"
    assert "    release_number = 3;" in lines
    assert "# This spec file has been modified by azldev to include build configuration overlays." in lines
    changelog = lines[lines.index("%changelog") + 2 :]
    assert [line for line in changelog if line.startswith("- ")] == ["- Local changes (uncommitted)", "- two", "- one"]
    assert [one.changed for one in site.render(checkouts=site.dir / "git", changes=1, rpmautospec=program)] == [False]
    assert not list((site.dir / "specs").rglob(".git"))


@pytest.mark.tool
def test_a_local_changelog_ends_with_the_initial_sources(site: Site) -> None:
    """As azurelinux-repos is rendered: `%autorelease -b 10` after one change of the project is 11."""
    program = find_rpmautospec()
    if program is None:
        pytest.skip("rpmautospec is not installed")
    site.write({
        "azldev.toml": '[components.a]\nspec = { type = "local", path = "a/a.spec" }\n',
        "a/a.spec": "Name: a\nVersion: 4.0\nRelease: %autorelease -b 10\n%description\nd\n%changelog\n%autochangelog\n",
        "locks/a.lock": "version = 1\ninput-fingerprint = 'sha256:1'\n",
    })  # fmt: skip
    site.git("init", "-q")
    site.commit("feat: introduce locks", date="2026-04-30T12:00:00-07:00")
    [result] = site.render(rpmautospec=program)
    assert result.error is None
    text = site.files()["a/a/a.spec"].decode()
    assert text.startswith("## START: Set by rpmautospec\n")
    assert "\n    release_number = 2;\n" in text
    assert (
        "## END: Set by rpmautospec\n\n# This spec file has been modified by azldev to include build configuration"
        " overlays.\n# Do not edit manually; changes may be overwritten.\n\nName: a\n"
    ) in text
    assert (
        "* Thu Apr 30 2026 Ada <ada@example.org> - 4.0-11\n- feat: introduce locks\n\n"
        "* Thu Jan 01 1970 azldev <> - 4.0-10\n- Initial sources\n"
    ) in text
    assert [one.changed for one in site.render(rpmautospec=program, check=True)] == [False]
