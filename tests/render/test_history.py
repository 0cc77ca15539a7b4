"""Changes of a component, from the history of its lock: counted, placed among upstream commits, read from git."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from boatyard.base.error import SourceError
from boatyard.flow import history as module
from boatyard.flow.history import read_histories, read_history
from boatyard.ports.run import Command
from boatyard.render.history import LockState, Revision, fingerprint_changes, interleave, lock_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.render.conftest import Site


def a_revision(name: str, fingerprint: str = "", upstream: str = "") -> Revision:
    lock = LockState(fingerprint=fingerprint or name, upstream_commit=upstream)
    return Revision(commit=name, author="A", email="a@b", time=0, subject=f"s {name}", lock=lock)


COUNTS = [
    ("", ""),
    ("a", "0"),
    ("aa", "0"),
    ("ab", "01"),
    ("aba", "012"),
    ("aabba", "024"),
]


@pytest.mark.parametrize(("fingerprints", "changed"), COUNTS)
def test_a_change_is_another_fingerprint(fingerprints: str, changed: str) -> None:
    revisions = [a_revision(str(number), letter) for number, letter in enumerate(fingerprints)]
    assert "".join(change.commit for change in fingerprint_changes(revisions)) == changed


def test_locks_without_a_fingerprint_are_no_change() -> None:
    empty = Revision(commit="0", author="", email="", time=0, subject="", lock=LockState(fingerprint=""))
    assert fingerprint_changes([empty]) == []


PLACES = [
    ("all on top", "uv", [("1", "v"), ("2", "v")], "uv12", ""),
    ("behind the commit the lock named", "uvw", [("1", "u"), ("2", "w")], "u1vw2", ""),
    ("several at one commit", "uv", [("1", "u"), ("2", "u"), ("3", "v")], "u12v3", ""),
    ("an unknown commit is dropped", "uv", [("1", "x"), ("2", "v")], "uv2", "1"),
    ("local", "i", [("1", ""), ("2", "")], "i12", ""),
    ("without a commit: on top", "uv", [("1", ""), ("2", "u"), ("3", "v")], "u2v13", ""),
    ("the same commit again later", "uv", [("1", "v"), ("2", "u"), ("3", "v")], "u2v13", ""),
    ("no change", "uv", [], "uv", ""),
]


@pytest.mark.parametrize(
    ("upstream", "changes", "order", "dropped"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES]
)
def test_placing(upstream: str, changes: list[tuple[str, str]], order: str, dropped: str) -> None:
    history = interleave(list(upstream), [a_revision(name, upstream=at) for name, at in changes])
    named = [item if isinstance(item, str) else item.commit for item in history.commits]
    assert "".join(named) == order
    assert "".join(change.commit for change in history.dropped) == dropped


def test_the_message_names_the_commit_of_the_project() -> None:
    assert a_revision("abc").message == "s abc\n\nProject commit: abc"


def test_lock_state() -> None:
    table = {
        "version": 1,
        "input-fingerprint": "sha256:1",
        "import-commit": "i",
        "upstream-commit": "u",
        "manual-bump": 2,
    }
    assert lock_state(table) == LockState(fingerprint="sha256:1", import_commit="i", upstream_commit="u")
    assert lock_state({"version": 1}) == LockState(fingerprint="")


@pytest.mark.parametrize("table", [{}, {"version": 2}, {"version": "1"}, {"version": 1, "input-fingerprint": 3}])
def test_other_locks_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"version|string"):
        lock_state(table)


def a_lock(fingerprint: str, upstream: str = "") -> str:
    return f"version = 1\nupstream-commit = '{upstream}'\ninput-fingerprint = '{fingerprint}'\n"


@pytest.mark.tool
def test_changes_come_from_git(site: Site) -> None:
    site.git("init", "-q")
    lock = site.dir / "locks/a++.lock"
    assert read_history(lock, site.run) is None
    site.write({"locks/a++.lock": a_lock("1", "u")})
    assert read_history(lock, site.run) is None
    site.commit("add: the lock", date="2026-02-03T04:05:06+02:00")
    site.write({"locks/a++.lock": a_lock("1", "u") + "manual-bump = 0\n"})
    site.commit("format")
    site.write({"locks/other.lock": a_lock("9")})
    site.commit("other")
    site.write({"locks/a++.lock": a_lock("2", "v")})
    third = site.commit("second")
    site.write({"locks/a++.lock": a_lock("not committed")})
    history = read_history(lock, site.run)
    assert history is not None
    assert [change.subject for change in history.changes] == ["add: the lock", "second"]
    assert history.changes[1].commit == third
    assert history.lock == LockState(fingerprint="2", upstream_commit="v")
    first = history.changes[0]
    assert (first.author, first.email, first.time) == ("Ada", "ada@example.org", 1770084306)


@pytest.mark.tool
def test_a_removed_and_restored_lock_still_has_its_history(site: Site) -> None:
    site.git("init", "-q")
    site.write({"locks/a.lock": a_lock("1")})
    site.commit("one")
    (site.dir / "locks/a.lock").unlink()
    site.commit("gone")
    assert read_history(site.dir / "locks/a.lock", site.run) is None
    site.write({"locks/a.lock": a_lock("2")})
    site.commit("back")
    history = read_history(site.dir / "locks/a.lock", site.run)
    assert history is not None
    assert [change.subject for change in history.changes] == ["one", "back"]


@pytest.mark.tool
@pytest.mark.parametrize("content", ["version = 3\n", "not toml", b"\xff"])
def test_a_malformed_lock_is_told(content: str | bytes, site: Site) -> None:
    site.git("init", "-q")
    site.write({"locks/a.lock": content})
    site.commit("bad")
    with pytest.raises(SourceError, match="is not a lock"):
        read_history(site.dir / "locks/a.lock", site.run)


@pytest.mark.tool
def test_a_malformed_lock_of_the_past_does_not_count(site: Site) -> None:
    site.git("init", "-q")
    for number, content in enumerate([a_lock("1"), "<<<<<<< HEAD\n", a_lock("1"), a_lock("2")]):
        site.write({"locks/a.lock": content})
        site.commit(str(number))
    history = read_history(site.dir / "locks/a.lock", site.run)
    assert history is not None
    assert [change.subject for change in history.changes] == ["0", "3"]


@pytest.mark.tool
def test_the_release_goes_up_with_the_changes(site: Site) -> None:
    site.git("init", "-q")
    site.write({
        "azldev.toml": '[components.a]\nspec = { type = "local", path = "a/a.spec" }\n',
        "a/a.spec": "Name: a\nRelease: 5%{?dist}\n",
    })  # fmt: skip
    for number in range(3):
        site.write({"locks/a.lock": a_lock(str(number))})
        site.commit(f"change {number}")
    site.render()
    assert site.files()["a/a/a.spec"].decode().endswith("Release: 8%{?dist}\n")


@pytest.mark.tool
def test_a_shallow_clone_is_refused_where_changes_are_lost(site: Site, tmp_path: Path) -> None:
    site.git("init", "-q")
    for number in range(3):
        site.write({"locks/a.lock": a_lock(str(number)), f"locks/{number}.lock": a_lock("1")})
        site.commit(str(number))
    clone = tmp_path / "clone"
    site.git("clone", "-q", "--depth", "1", f"file://{site.dir}", str(clone))
    with pytest.raises(SourceError, match="shallow"):
        read_history(clone / "locks/a.lock", site.run)
    histories = read_histories(clone / "locks", ["a", "2"], site.run)
    with pytest.raises(SourceError, match="shallow"):
        histories.of("a")
    site.git("-C", str(clone), "fetch", "-q", "--unshallow")
    assert read_history(clone / "locks/a.lock", site.run) == read_history(site.dir / "locks/a.lock", site.run)


@pytest.mark.tool
def test_locks_of_seed_components_have_no_history(site: Site) -> None:
    site.git("init", "-q")
    site.write({"locks/a.lock": 'lock-version = 1\nkind = "deb"\n'})
    site.commit("one")
    assert read_history(site.dir / "locks/a.lock", site.run) is None


@pytest.mark.tool
def test_one_damaged_lock_does_not_stop_the_others(site: Site) -> None:
    site.git("init", "-q")
    site.write({"locks/a.lock": "<<<<<<< HEAD\n", "locks/b.lock": a_lock("1")})
    site.commit("\x01 odd\x02")
    histories = read_histories(site.dir / "locks", ["a", "b", "c"], site.run)
    with pytest.raises(SourceError, match="is not a lock"):
        histories.of("a")
    history = histories.of("b")
    assert history is not None
    assert [change.subject for change in history.changes] == ["\x01 odd\x02"]
    assert histories.of("c") is None


def a_tangle(dice: random.Random, commits: int, locks: int) -> bytes:
    """A project's history with side branches, merges, conflicts, and locks that come back to an earlier content."""
    stream: list[bytes] = []
    states: dict[int, dict[str, str]] = {}
    for mark in range(1, commits + 1):
        parents = dice.sample(range(max(1, mark - 6), mark), min(mark - 1, dice.choice([1, 1, 1, 2])))
        state: dict[str, str] = {}
        for parent in reversed(parents):
            state |= {name: text for name, text in states[parent].items() if name not in state or dice.random() < 0.5}
        for name in dice.sample(range(locks), dice.choice([0, 1, 1, 2])):
            state[f"l{name}.lock"] = a_lock(f"{dice.randrange(3) if dice.random() < 0.2 else mark}")
        if state and dice.random() < 0.05:
            del state[dice.choice(sorted(state))]
        states[mark] = state
        who = f"Ada <a@b> {1_700_000_000 + mark * 60 + dice.randrange(-300, 300)} +0000"
        lines = [
            f"commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}\ndata {len(str(mark))}\n{mark}\n"
        ]
        lines += [f"{'merge' if number else 'from'} :{parent}\n" for number, parent in enumerate(parents)]
        lines += ["deleteall\n", "M 100644 inline other\ndata 1\nx\n"]
        lines += [f"M 100644 inline locks/{name}\ndata {len(text)}\n{text}\n" for name, text in state.items()]
        stream.append("".join(lines).encode())
    return b"".join(stream)


@pytest.mark.tool
@pytest.mark.parametrize("seed", range(6))
def test_all_at_once_is_as_one_by_one(seed: int, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.git("init", "-q", "-b", "main")
    stream = a_tangle(random.Random(seed), 120, 30)
    site.run(Command(argv=("git", "-C", str(site.dir), "fast-import", "--quiet", "--force"), input=stream))
    site.git("reset", "-q", "--hard")
    names = [f"l{number}" for number in range(30)]
    chains = []

    def counted(steps: Sequence[Any], head: str) -> bool:
        chains.append(is_chain(steps, head))
        return chains[-1]

    is_chain = module._is_chain
    monkeypatch.setattr(module, "_is_chain", counted)
    at_once = read_histories(site.dir / "locks", names, site.run)
    assert {True, False} == set(chains), "both ways are taken"
    monkeypatch.setattr(module, "_is_chain", lambda *_: False)
    assert at_once == read_histories(site.dir / "locks", names, site.run)
