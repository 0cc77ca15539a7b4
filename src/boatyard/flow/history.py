"""Reads a component's changes from the project's git repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.config.read import parse
from boatyard.ports.run import Command
from boatyard.render.history import LockState, Revision, fingerprint_changes, lock_state

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import Result, Runner

# Nothing that a repository configures may run a program; its owner may be another user.
_GIT = (
    "git", "--literal-pathspecs", "-c", "safe.directory=*", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false",
)  # fmt: skip
_LOG_FORMAT = "%H%x00%an%x00%ae%x00%at%x00%s%x01"
NOT_THERE = 128


@dataclass(frozen=True, slots=True)
class LockHistory:
    """A lock as committed at HEAD, and the changes that led to it, oldest first."""

    lock: LockState
    changes: tuple[Revision, ...]


def read_history(lock: Path, run: Runner) -> LockHistory | None:
    """The history of a lock file; None when it is not committed or in no git repository.

    SourceError for a lock that is malformed at HEAD, or whose history a shallow clone lacks. Commits with a malformed
    lock, as with marks of a merge conflict, do not count: nobody can mend them any more.
    """
    if not lock.parent.is_dir() or git(lock.parent, run, "rev-parse", "--git-dir", ok=(0, NOT_THERE)).code:
        return None
    name = f"./{lock.name}"
    (at_head,) = _contents(lock, ["HEAD"], run)
    if at_head is None:
        return None
    head = _state(at_head, f"{lock} at HEAD")
    log = git(lock.parent, run, "log", f"--format={_LOG_FORMAT}", "--", name).text
    entries = [entry.lstrip("\n").split("\0") for entry in log.split("\x01") if entry.strip()]
    states = map(_past_state, _contents(lock, [entry[0] for entry in entries], run))
    revisions = [
        Revision(commit=commit, author=author, email=email, time=int(time), subject=subject, lock=state)
        for (commit, author, email, time, subject), state in zip(entries, states, strict=True)
        if state is not None
    ]
    changes = fingerprint_changes(revisions[::-1])
    if not changes and git(lock.parent, run, "rev-parse", "--is-shallow-repository").text.strip() == "true":
        raise SourceError(
            f"the lock {lock} has no git history: the project is a shallow clone",
            hint=f"git -C {lock.parent} fetch --unshallow",
        )
    return LockHistory(head, tuple(changes))


def read_lock(lock: Path) -> LockState | None:
    """The lock file as it lies there; None when there is none."""
    if not lock.is_file():
        return None
    return _state(lock.read_bytes(), str(lock))


def head_commit(checkout: Path, run: Runner) -> str:
    """The commit a git checkout is at; "" for a folder that is no checkout, SourceError for one without a commit."""
    if not (checkout / ".git").exists():
        return ""
    found = git(checkout, run, "rev-parse", "--verify", "HEAD", ok=(0, NOT_THERE))
    if found.code:
        raise SourceError(f"the git checkout {checkout} has no commit", hint="remove it and clone it again")
    return found.text.strip()


def commit_before(checkout: Path, moment: str, run: Runner) -> str:
    """The last commit of a checkout's first-parent history at a moment (RFC 3339); "" when it is younger."""
    found = git(checkout, run, "rev-list", "-1", "--first-parent", f"--before={moment}", "HEAD")
    return found.text.strip()


def git(folder: Path, run: Runner, *words: str, ok: tuple[int, ...] = (0,), given: bytes | None = None) -> Result:
    """Runs git in a folder; ToolError when it fails."""
    return run(Command(argv=(*_GIT, "-C", str(folder), *words), ok=ok, input=given, timeout_s=600))


def _contents(lock: Path, commits: list[str], run: Runner) -> list[bytes | None]:
    """The lock at each of the commits, None where it is not."""
    if not commits:
        return []
    asked = "".join(f"{commit}:./{lock.name}\n" for commit in commits).encode()
    data = git(lock.parent, run, "cat-file", "--batch", given=asked).stdout
    found: list[bytes | None] = []
    position = 0
    for _ in commits:
        end = data.index(b"\n", position)
        words = data[position:end].split(b" ")
        position = end + 1
        if words[-1] == b"missing":
            found.append(None)
            continue
        size = int(words[-1])
        found.append(data[position : position + size])
        position += size + 1
    return found


def _past_state(data: bytes | None) -> LockState | None:
    try:
        return None if data is None else lock_state(parse(data.decode()))
    except ValueError:
        return None


def _state(data: bytes, where: str) -> LockState:
    try:
        return lock_state(parse(data.decode()))
    except ValueError as error:
        raise SourceError(
            f"{where} is not a lock: {error}", hint="`boatyard component update` writes locks anew"
        ) from error
