"""Runs rpmautospec over a prepared spec, in a git repository that holds the history of upstream and project."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.flow.git import git
from boatyard.ports.run import SEARCH_PATH, Command
from boatyard.ports.sandbox import Sandbox, inside
from boatyard.render.autospec import BRANCH, INITIAL, Commit, assumed_changes, import_stream, parse_commit
from boatyard.render.history import History, Revision, interleave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.flow.history import LockHistory
    from boatyard.ports.run import Result, Runner

PROGRAM = "rpmautospec"
# pygit2 loads them on import, though nothing here uses a network.
CERTIFICATES = (Path("/etc/ssl"), Path("/etc/pki/tls"))
_INSIDE = "/srv/tree"
# rpmautospec stops where the version changes, and is asked again from there.
COUNT = """\
import json, sys
from rpmautospec.pkg_history import PkgHistoryProcessor
history = PkgHistoryProcessor(sys.argv[1])
found, commit, last = {}, history.repo[history.repo.head.target], None
while commit is not None and commit.id != last:
    results = history.run(commit, visitors=(history.release_number_visitor,), all_results=True).items()
    found |= {str(one.id): done["release-complete"] for one, done in results if one and "release-complete" in done}
    last = commit.id
    while commit is not None and str(commit.id) in found:
        commit = commit.parents[0] if commit.parents else None
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git folder outside of the source tree it is of, so that nothing that edits the tree meets it."""

    git_dir: Path
    tree: Path
    run: Runner

    def __call__(self, *words: str, given: bytes | None = None) -> bytes:
        return git(
            self.tree, self.run, f"--git-dir={self.git_dir}", f"--work-tree={self.tree}", *words, given=given
        ).stdout

    def snapshot(self) -> str:
        """The tree object of all files."""
        self("add", "--all", "--force", ".")
        return self("write-tree").decode().strip()


def find_rpmautospec() -> Path | None:
    """The program, beside this Python or on the host."""
    places = [Path(sys.executable).parent, *map(Path, SEARCH_PATH.split(":"))]
    return next((path / PROGRAM for path in places if (path / PROGRAM).is_file()), None)


def begin_repository(git_dir: Path, tree: Path, checkout: Path | None, run: Runner) -> Repository:
    """A repository for a tree as it comes, before it is prepared. A checkout lends its objects."""
    git(tree, run, "init", "-q", "--bare", "-b", "main", str(git_dir))
    if checkout is not None:
        objects = git(checkout, run, "rev-parse", "--path-format=absolute", "--git-path", "objects").text.strip()
        (git_dir / "objects/info/alternates").write_text(objects + "\n", encoding="utf-8")
    return Repository(git_dir, tree, run)


def upstream_chain(checkout: Path, tip: str, oldest: str, run: Runner) -> list[str]:
    """First-parent commits up to `tip`, from `oldest` on (all when empty), oldest first."""
    found = git(checkout, run, "rev-list", "--first-parent", "--reverse", tip or "HEAD").text.split()
    if oldest and oldest not in found:
        raise SourceError(
            f"the import commit {oldest[:12]} is not in the history of {checkout}", hint="fetch its whole history"
        )
    return found[found.index(oldest) :] if oldest else found


def write_history(
    repository: Repository,
    first_tree: str,
    checkout: Path | None,
    history: LockHistory | None,
    assumed: int,
    tip: str = "",
) -> History:
    """Makes the branch: upstream commits, or one of the first tree, with the project's changes among them; gives those.

    `assumed`: that many unknown changes instead of those of `history`. `tip`: the upstream commit when no change names
    one; that of the checkout when empty.
    """
    run = repository.run
    changes: Sequence[Revision] = history.changes if history is not None else ()
    oldest = history.lock.import_commit if history is not None else ""
    if checkout is None:
        author = b"azldev <> 0 +0000"
        initial = Commit(first_tree, author, author, INITIAL.encode())
        upstream = {_store(repository, initial): initial}
    else:
        tip = (changes[-1].lock.upstream_commit if changes else "") or tip
        upstream = _read_commits(checkout, upstream_chain(checkout, tip, oldest, run), run)
    if assumed:
        last = list(upstream)[-1]
        changes = assumed_changes(assumed, int(upstream[last].committer.split()[-2]), last)
    placed = interleave(list(upstream), changes)
    final = repository.snapshot()
    repository("fast-import", "--quiet", "--force", "--done", given=import_stream(placed.commits, upstream, final))
    return placed


def run_rpmautospec(repository: Repository, spec: str, program: Path) -> None:
    """Expands a spec in place. The program runs in a sandbox: it evaluates macros of a foreign spec."""
    _run_inside(repository, program, (str(program), "--no-pager", "process-distgit", spec, spec))


def count_releases(repository: Repository, spec: str, program: Path, last: int) -> list[str]:
    """What %autorelease comes to at the last commits of the branch, oldest first; "" where it cannot be told."""
    beside = program.parent == Path(sys.executable).parent
    python = sys.executable if beside else "/usr/bin/python3"
    told = _run_inside(repository, program, (python, "-c", COUNT, spec)).stdout
    found = json.loads(told)
    commits = repository("rev-list", "--first-parent", f"--max-count={last}", BRANCH).decode().split()
    return [str(found.get(commit) or "") for commit in reversed(commits)]


def _run_inside(repository: Repository, program: Path, argv: tuple[str, ...]) -> Result:
    moved = repository.tree / ".git"
    repository.git_dir.rename(moved)
    try:
        git(repository.tree, repository.run, "config", "core.bare", "false")
        readable = {Path(sys.prefix), Path(sys.base_prefix), *_alternates(moved), *filter(Path.is_dir, CERTIFICATES)}
        sandbox = Sandbox(
            read_only=tuple((path, str(path)) for path in sorted(readable) if not path.is_relative_to("/usr")),
            writable=((repository.tree, _INSIDE),),
        )
        beside = program.parent == Path(sys.executable).parent
        env = {"RPMAUTOSPEC_SPEC_PARSER": "norpm"} if beside else {}
        return repository.run(inside(sandbox, Command(argv=argv, cwd=Path(_INSIDE), env=env, timeout_s=600)))
    finally:
        moved.rename(repository.git_dir)


def _alternates(git_dir: Path) -> list[Path]:
    file = git_dir / "objects/info/alternates"
    return [Path(line) for line in file.read_text(encoding="utf-8").split("\n") if line] if file.is_file() else []


def _store(repository: Repository, commit: Commit) -> str:
    text = b"tree %s\nauthor %s\ncommitter %s\n\n%s" % (
        commit.tree.encode(), commit.author, commit.committer, commit.message,
    )  # fmt: skip
    return repository("hash-object", "-t", "commit", "-w", "--stdin", given=text).decode().strip()


def _read_commits(checkout: Path, commits: Sequence[str], run: Runner) -> dict[str, Commit]:
    data = git(checkout, run, "cat-file", "--batch", given="".join(f"{one}\n" for one in commits).encode()).stdout
    found, position = {}, 0
    for commit in commits:
        end = data.index(b"\n", position)
        size = int(data[position:end].split(b" ")[-1])
        found[commit] = parse_commit(data[end + 1 : end + 1 + size])
        position = end + size + 2
    return found
