"""What the project changed about a component, told by the history of its lock file in the project's git repository.

Every commit that gave the lock another `input-fingerprint` is a change: it raises the release, and becomes a commit of
the history that rpmautospec counts, placed by the upstream commit the lock named at the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCK_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockState:
    """A lock as far as history is concerned; the commits are of the upstream, empty for local components."""

    fingerprint: str
    import_commit: str = ""
    upstream_commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A commit of the project that touched a lock. `time`: of the author, seconds since the epoch."""

    commit: str
    author: str
    email: str
    time: int
    subject: str
    lock: LockState

    @property
    def message(self) -> str:
        """The message of the commit that stands for it beside those of the upstream."""
        return f"{self.subject}\n\nProject commit: {self.commit}"


@dataclass(frozen=True, slots=True)
class History:
    """Commits oldest first: upstream ones by their id, changes in between. `dropped`: their upstream is unknown."""

    commits: tuple[str | Revision, ...]
    dropped: tuple[Revision, ...] = ()


def lock_state(table: Mapping[str, object]) -> LockState:
    """What a lock's TOML says; ValueError when it is of another version or kind."""
    if table.get("version") != LOCK_VERSION:
        raise ValueError(f"lock version {table.get('version')!r} is not {LOCK_VERSION}")
    texts = {key: table.get(key, "") for key in ("input-fingerprint", "import-commit", "upstream-commit")}
    wrong = [key for key, value in texts.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{wrong[0]} is not a string")
    return LockState(
        fingerprint=str(texts["input-fingerprint"]),
        import_commit=str(texts["import-commit"]),
        upstream_commit=str(texts["upstream-commit"]),
    )


def fingerprint_changes(revisions: Sequence[Revision]) -> list[Revision]:
    """The revisions (oldest first) whose fingerprint differs from that of the one before; the first one counts."""
    before = ["", *(revision.lock.fingerprint for revision in revisions)]
    return [revision for revision, last in zip(revisions, before, strict=False) if revision.lock.fingerprint != last]


def interleave(upstream: Sequence[str], changes: Sequence[Revision]) -> History:
    """Places changes among upstream commits (both oldest first).

    Each follows the upstream commit its lock named; those at the commit of the last change, and those of no commit
    (local components), come at the end. Changes at commits that are not there are dropped.
    """
    if not changes:
        return History(tuple(upstream))
    last = changes[-1].lock.upstream_commit
    top = [change for change in changes if change.lock.upstream_commit in ("", last)]
    below: dict[str, list[Revision]] = {}
    for change in changes:
        if change.lock.upstream_commit not in ("", last):
            below.setdefault(change.lock.upstream_commit, []).append(change)
    commits: list[str | Revision] = []
    for commit in upstream:
        commits.append(commit)
        commits.extend(below.pop(commit, ()))
    dropped = [change for lost in below.values() for change in lost]
    return History((*commits, *top), tuple(dropped))


def dropped_changes(history: History) -> str:
    """A warning in words about changes that are not part of a history."""
    lost = sorted({change.lock.upstream_commit[:12] for change in history.dropped})
    return (
        f"{len(history.dropped)} changes of the project count for no release: they were made at {', '.join(lost)},"
        " which the upstream branch no longer has"
    )
