"""The cache of dist-git repositories, with real git servers."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.forge import BRANCH

from boatyard.base.error import BoatyardError, SourceError, TrustError
from boatyard.sources.upstream.repository import DistGit
from boatyard.sources.upstream.template import fill_template

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sources.upstream.forge import Forge

    from boatyard.ports.run import Command, HostRunner, Result
    from boatyard.sources.upstream.repository import Repository

pytestmark = pytest.mark.tool
DAYS = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]
SECONDS = [1767225600, 1767312000, 1767398400]


def of(forge: Forge, dist_git: DistGit, template: str = "", package: str = "a") -> Repository:
    return dist_git.repository(package, fill_template(template or forge.http_url, pkg=package))


def written(repository: Repository, commit: str, into: Path) -> dict[str, bytes]:
    into.mkdir()
    repository.write(commit, into)
    return {str(path.relative_to(into)): path.read_bytes() for path in sorted(into.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("partial", [True, False])
def test_a_commit_is_fetched_once_and_written(forge: Forge, dist_git: DistGit, tmp_path: Path, partial: bool) -> None:
    forge.make("a", partial=partial)
    old = forge.commit("a", {"a.spec": "Name: a\n", "f": b"\0\xff", "big.patch": "x" * 9000})
    new = forge.commit("a", {"a.spec": "Name: b\n", "run.sh": "#!/bin/sh\n", "d/e/f": ""}, modes={"run.sh": "100755"})
    repository = of(forge, dist_git)
    assert repository.tip(BRANCH) == ""
    repository.update(BRANCH)
    assert repository.tip(BRANCH) == new
    assert written(repository, new, tmp_path / "new") == {
        "a.spec": b"Name: b\n",
        "d/e/f": b"",
        "run.sh": b"#!/bin/sh\n",
    }
    assert (tmp_path / "new/run.sh").stat().st_mode & 0o777 == 0o755
    assert written(repository, old, tmp_path / "old")["f"] == b"\0\xff"
    asked = len(forge.requests)
    written(repository, old, tmp_path / "again")
    assert repository.require(old[:12], BRANCH) == old
    assert len(forge.requests) == asked


def test_contents_of_other_commits_are_not_fetched(
    forge: Forge, dist_git: DistGit, run: HostRunner, tmp_path: Path
) -> None:
    old = forge.commit("a", {"a.spec": "1", "old.patch": "only of the old one"})
    new = forge.commit("a", {"a.spec": "2"})
    blob = forge.git("a", "rev-parse", f"{old}:old.patch")
    repository = of(forge, dist_git)
    repository.update(BRANCH)
    written(repository, new, tmp_path / "new")
    assert blob in repository._missing(f"{old}^{{tree}}")
    repository.complete(new, ["a.spec"])
    assert repository._missing(new, "--", "a.spec") == []
    assert blob in repository._missing(f"{old}^{{tree}}")


def test_a_moment_is_looked_up_in_the_first_parent_history(forge: Forge, dist_git: DistGit) -> None:
    first = forge.commit("a", {"f": "1"}, date=DAYS[0])
    side = forge.commit("a", {"f": "side"}, date=DAYS[1], branch="side", parents=(first,))
    merge = forge.commit("a", {"f": "2"}, date=DAYS[2], parents=(first, side))
    repository = of(forge, dist_git, forge.file_url)
    repository.update(BRANCH)
    assert repository.commit_at(BRANCH, SECONDS[0] - 1) == ""
    assert repository.commit_at(BRANCH, SECONDS[0]) == first
    assert repository.commit_at(BRANCH, SECONDS[2] - 1) == first
    assert repository.commit_at(BRANCH, SECONDS[2]) == merge


def test_a_locked_commit_survives_rewritten_history(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    old = forge.commit("a", {"f": "1"})
    repository = of(forge, dist_git)
    assert repository.require(old, BRANCH) == old
    new = forge.commit("a", {"f": "2"}, parents=())
    repository.update(BRANCH)
    assert repository.tip(BRANCH) == new
    assert written(repository, old, tmp_path / "old") == {"f": b"1"}
    fresh = DistGit(root=tmp_path / "other", run=dist_git.run, pauses_s=())
    forge.git("a", "update-ref", "-d", f"refs/heads/{BRANCH}")
    forge.git("a", "update-ref", "refs/heads/other", new)
    assert of(forge, fresh).require(old, BRANCH) == old, "it is in no branch, and still there"
    forge.git("a", "gc", "-q", "--prune=now")
    with pytest.raises(SourceError, match=f"no branch {BRANCH}"):
        of(forge, DistGit(root=tmp_path / "third", run=dist_git.run, pauses_s=())).require(old, BRANCH)


def test_a_commit_on_no_branch_is_fetched_by_itself(forge: Forge, dist_git: DistGit) -> None:
    lone = forge.commit("a", {"f": "1"}, branch="gone")
    forge.git("a", "update-ref", "-d", "refs/heads/gone")
    forge.commit("a", {"f": "2"})
    repository = of(forge, dist_git)
    assert repository.require(lone, BRANCH) == lone
    with pytest.raises(SourceError, match="no commit aaaaaaaaaaaa"):
        repository.require("a" * 40, BRANCH)


def test_offline_takes_what_is_there_and_names_what_is_not(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    old = forge.commit("a", {"f": "1"})
    new = forge.commit("a", {"f": "2"})
    repository = of(forge, dist_git)
    repository.update(BRANCH)
    written(repository, new, tmp_path / "new")
    asked = len(forge.requests)
    offline = of(forge, DistGit(root=dist_git.root, run=dist_git.run, offline=True))
    assert written(offline, new, tmp_path / "offline") == {"f": b"2"}
    with pytest.raises(SourceError, match=r"a: 1 files of .* not in the cache") as caught:
        written(offline, old, tmp_path / "old")
    assert "source mirror" in caught.value.hint
    with pytest.raises(SourceError, match="not in the cache"):
        offline.require("b" * 40, BRANCH)
    assert len(forge.requests) == asked


def test_a_lost_server_is_an_error_that_may_pass(forge: Forge, dist_git: DistGit) -> None:
    with pytest.raises(SourceError, match="cannot be fetched") as caught:
        of(forge, dist_git, "http://ada:secret@127.0.0.1:1/$pkg.git").update(BRANCH)
    assert caught.value.temporary
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["ext::sh -c touch% /tmp/x", "ssh://host/x", "http://git.example.org/x", "-oProxyCommand=x", "/srv/x", "ftp://x/y"],
)
def test_other_protocols_are_refused(dist_git: DistGit, address: str) -> None:
    with pytest.raises(SourceError, match="not fetched from"):
        dist_git.repository("a", address)


@pytest.mark.parametrize(
    "branch", ["--upload-pack=touch x", "-f", "a..b", "a b", "x:y", "", "a.lock", "../x", "a\nb", "+x"]
)
def test_a_branch_is_no_option(forge: Forge, dist_git: DistGit, branch: str) -> None:
    with pytest.raises(SourceError, match="no name of a branch"):
        of(forge, dist_git).update(branch)


@pytest.mark.parametrize("commit", ["--all", "HEAD", "x" * 40, "a" * 6, "a" * 41, "refs/heads/f43", "a" * 39 + "\n"])
def test_a_commit_is_hexadecimal(forge: Forge, dist_git: DistGit, commit: str) -> None:
    with pytest.raises(SourceError, match="is no commit"):
        of(forge, dist_git).full_id(commit)


def test_redirects_are_not_followed(web: object, forge: Forge, dist_git: DistGit) -> None:
    from tests.web_server import Web

    assert isinstance(web, Web)
    forge.commit("a", {"f": "1"})
    path = "/a.git/info/refs?service=git-upload-pack"
    web.behaviours[path] = lambda handler: handler.answer(302, Location=forge.url + path)
    with pytest.raises(SourceError, match="cannot be fetched"):
        of(forge, dist_git, f"{web.url}/$pkg.git").update(BRANCH)
    assert forge.requests == []


def hostile(forge: Forge, name: str, mode: str, content: str) -> str:
    forge.make("a")
    return forge.commit("a", {"a.spec": "Name: a\n", name: content}, modes={name: mode})


@pytest.mark.parametrize(
    ("name", "mode", "content"),
    [
        (".git", "100644", "gitdir: /etc"),
        (".git/hooks/post-checkout", "100755", "#!/bin/sh\ntouch /tmp/x\n"),
        (".GIT/config", "100644", "[core]\nfsmonitor = x\n"),
        ("..", "100644", "x"),
        ("../a", "100644", "x"),
        ("link", "120000", "/etc/passwd"),
        ("link", "120000", "../../x"),
        (".gitmodules", "120000", "/etc/passwd"),
    ],
)
def test_hostile_commits_write_nothing_outside(
    forge: Forge, dist_git: DistGit, tmp_path: Path, name: str, mode: str, content: str
) -> None:
    commit = hostile(forge, name, mode, content)
    repository = of(forge, dist_git, forge.file_url)
    target = tmp_path / "outer/inner/tree"
    target.parent.mkdir(parents=True)
    with pytest.raises(BoatyardError):
        repository.update(BRANCH)
        written(repository, commit, target)
    assert [path.name for path in target.parent.rglob("*") if path.is_symlink()] == []
    assert [path.name for path in target.parent.iterdir()] in ([], ["tree"])


def test_submodules_are_left_out(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    forge.make("a")
    commit = forge.commit("a", {"f": "1"}, blobs={"sub": "1" * 40}, modes={"sub": "160000"})
    repository = of(forge, dist_git)
    repository.update(BRANCH)
    assert written(repository, commit, tmp_path / "tree") == {"f": b"1"}


def test_more_than_the_limit_is_refused(forge: Forge, tmp_path: Path, run: HostRunner) -> None:
    import random

    forge.make("a", partial=False)
    good = forge.commit("a", {"f": "small"})
    small = DistGit(root=tmp_path / "cache", run=run, pauses_s=(), max_pack=50_000)
    repository = of(forge, small)
    assert repository.require(good, BRANCH) == good
    forge.commit("a", {"f": random.Random(1).randbytes(200_000)})
    with pytest.raises(TrustError, match="more than 50000 bytes"):
        repository.update(BRANCH)
    assert repository.tip(BRANCH) == good
    assert written(repository, good, tmp_path / "tree") == {"f": b"small"}


def test_what_a_killed_fetch_left_is_swept(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    forge.commit("a", {"f": "1"})
    repository = of(forge, dist_git)
    repository.update(BRANCH)
    new = forge.commit("a", {"f": "2"})
    left = [
        repository.dir / name for name in ("packed-refs.lock", f"refs/heads/{BRANCH}.lock", "objects/pack/tmp_pack_x")
    ]
    for path in left:
        path.write_text("half")
    repository.update(BRANCH)
    assert repository.tip(BRANCH) == new
    assert [path for path in left if path.exists()] == []


def test_bits_that_rot_are_noticed(forge: Forge, dist_git: DistGit, tmp_path: Path) -> None:
    commit = forge.commit("a", {"f": "x" * 1000})
    repository = of(forge, dist_git)
    repository.update(BRANCH)
    written(repository, commit, tmp_path / "tree")
    for pack in repository.dir.glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0xFF
        pack.write_bytes(bytes(data))
    with pytest.raises(BoatyardError):
        written(repository, commit, tmp_path / "rotten")


def test_many_fetch_the_same_at_once(forge: Forge, tmp_path: Path, run: HostRunner) -> None:
    commit = forge.commit("a", {"f": "1"})
    errors: list[BaseException] = []

    def fetch(number: int) -> None:
        try:
            repository = of(forge, DistGit(root=tmp_path / "cache", run=run, pauses_s=()))
            repository.update(BRANCH)
            assert written(repository, commit, tmp_path / f"tree{number}") == {"f": b"1"}
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_names_that_are_folders_elsewhere(forge: Forge, dist_git: DistGit) -> None:
    inside = dist_git.repository("../../etc", fill_template(forge.http_url, pkg="../../etc")).dir
    assert inside.parent == dist_git.root
    with contextlib.suppress(SourceError):
        of(forge, dist_git, package="..").update(BRANCH)
    assert sorted(path.name for path in dist_git.root.parent.iterdir()) == ["git"]


@dataclass
class Listening:
    """A runner that remembers what it ran."""

    run: HostRunner
    commands: list[Command] = field(default_factory=list)

    def __call__(self, command: Command) -> Result:
        self.commands.append(command)
        return self.run(command)


def test_a_password_is_no_argument_and_not_kept(forge: Forge, tmp_path: Path, run: HostRunner) -> None:
    forge.commit("a", {"f": "1"})
    listening = Listening(run)
    repository = of(
        forge, DistGit(root=tmp_path / "git", run=listening, pauses_s=()), forge.http_url.replace("//", "//ada:secret@")
    )
    repository.update(BRANCH)
    written(repository, repository.tip(BRANCH), tmp_path / "tree")
    assert "secret" not in " ".join(str(command) for command in listening.commands)
    assert [path for path in (tmp_path / "git").rglob("*") if path.is_file() and b"secret" in path.read_bytes()] == []


def test_only_a_fetch_may_use_a_protocol_and_this_machine_needs_no_proxy(
    forge: Forge, tmp_path: Path, run: HostRunner
) -> None:
    forge.commit("a", {"f": "1"})
    listening = Listening(run)
    nowhere = {"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}
    repository = of(forge, DistGit(root=tmp_path / "git", run=listening, environ=nowhere, pauses_s=()))
    repository.update(BRANCH)
    written(repository, repository.tip(BRANCH), tmp_path / "tree")
    allowed = {
        "fetch" in command.argv for command in listening.commands if "protocol.http.allow=always" in command.argv
    }
    assert allowed == {True}
    assert all("protocol.allow=never" in command.argv for command in listening.commands)
