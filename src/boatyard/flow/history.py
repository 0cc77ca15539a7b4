"""The changes of components, read from the history of their locks in the project's git repository.

For thousands of components, git is asked once for all: what every commit did to every lock. Where a lock went from one
content to the next and never back, that is its history, whatever branches it was made on. Where it did not, git's own
simplification decides which commits count, as it does for azldev, and git is asked for that lock alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boatyard.base.error import SourceError
from boatyard.config.read import parse
from boatyard.flow.git import LINK, NOT_THERE, git, read_objects
from boatyard.render.history import LockState, Revision, fingerprint_changes, lock_state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from boatyard.ports.run import Runner

_FORMAT = "--format=%H%x00%an%x00%ae%x00%at%x00%s%x00"
ABSENT = "0" * 40
SUFFIX = ".lock"
FEW = 100  # that many are named to git; for more it goes through the folder


@dataclass(frozen=True, slots=True)
class LockHistory:
    """A lock as committed at HEAD, and the changes that led to it, oldest first."""

    lock: LockState
    changes: tuple[Revision, ...]


class _Step(NamedTuple):
    """What one commit did to a lock. `before`, `after`: the objects, by id or, where no id is known, by git's words."""

    commit: str
    author: str
    email: str
    time: int
    subject: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class LockHistories:
    """The histories of many components; those whose lock is not committed have none."""

    found: Mapping[str, LockHistory | SourceError]

    def of(self, component: str) -> LockHistory | None:
        """The history of one component; SourceError as for `read_history`."""
        history = self.found.get(component)
        if isinstance(history, SourceError):
            raise history
        return history


def read_history(lock: Path, run: Runner) -> LockHistory | None:
    """The history of a lock file; None when it is not committed or in no git repository.

    SourceError for a lock that is malformed at HEAD, or whose history a shallow clone lacks. Commits with a malformed
    lock, as with marks of a merge conflict, do not count: nobody can mend them any more.
    """
    return read_histories(lock.parent, [lock.name.removesuffix(SUFFIX)], run).of(lock.name.removesuffix(SUFFIX))


def read_histories(folder: Path, components: Collection[str], run: Runner) -> LockHistories:
    """The histories of the locks of components, all in one folder; errors are kept for the component they are of."""
    shallow = _shallow(folder, run)
    if shallow is None:
        return LockHistories({})
    names = {f"{name}{SUFFIX}": name for name in components}
    heads = {name: blob for name, blob in _at_head(folder, run).items() if name in names}
    steps = _raw_steps(folder, heads, run)
    for name, blob in heads.items():
        if not _is_chain(steps.get(name, ()), blob):
            steps[name] = _simplified_steps(folder, name, run)
    objects = {step.after for name in heads for step in steps[name]} | set(heads.values())
    states = {one: _state(data) for one, data in read_objects(folder, sorted(objects - {ABSENT}), run).items()}
    found = {
        names[name]: _history(folder / name, states[blob], steps[name], states, shallow) for name, blob in heads.items()
    }
    return LockHistories({name: history for name, history in found.items() if history is not None})


def read_lock(lock: Path) -> LockState | None:
    """The lock file as it lies there; None when there is none, or when it is that of a seed component."""
    state = _state(lock.read_bytes()) if lock.is_file() else None
    if isinstance(state, str):
        raise _damaged(str(lock), state)
    return state


def _shallow(folder: Path, run: Runner) -> set[str] | None:
    """The commits where the history of a shallow clone ends; None without a repository or a commit."""
    if not folder.is_dir():
        return None
    found = git(folder, run, "rev-parse", "--path-format=absolute", "--git-path", "shallow", "HEAD", ok=(0, NOT_THERE))
    if found.code:
        return None
    file = Path(found.text.splitlines()[0])
    return set(file.read_text(encoding="ascii").split()) if file.is_file() else set()


def _at_head(folder: Path, run: Runner) -> dict[str, str]:
    """The object of each file in a folder, as committed."""
    found = {}
    for entry in git(folder, run, "ls-tree", "-z", "HEAD").stdout.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        mode, kind, blob = head.split(b" ") if head else (b"", b"", b"")
        if kind == b"blob" and mode != LINK:
            found[os.fsdecode(name)] = blob.decode()
    return found


def _raw_steps(folder: Path, names: Collection[str], run: Runner) -> dict[str, list[_Step]]:
    """What every commit that is no merge did to each of the locks, oldest first."""
    if not names:
        return {}
    paths = [f"./{name}" for name in names] if len(names) <= FEW else ["."]
    how = ("--full-history", "--topo-order", "--no-diff-merges", "--raw", "--no-abbrev", "--no-renames", "--relative")
    log = git(folder, run, "-c", "core.quotePath=false", "log", *how, _FORMAT, "--", *paths).text
    found: dict[str, list[_Step]] = {}
    for step, lines in _parse_log(log):
        for line in lines:
            what, _, name = line.partition("\t")
            if name in names:
                _, _, before, after, _ = what.split(" ")
                found.setdefault(name, []).append(step._replace(before=before, after=after))
    return {name: steps[::-1] for name, steps in found.items()}


def _simplified_steps(folder: Path, name: str, run: Runner) -> list[_Step]:
    """The commits that git shows for one lock, merges among them, oldest first."""
    log = git(folder, run, "log", "--no-patch", _FORMAT, "--", f"./{name}").text
    return [step._replace(after=f"{step.commit}:./{name}") for step, _ in _parse_log(log)][::-1]


def _parse_log(text: str) -> list[tuple[_Step, list[str]]]:
    """The commits of a log in _FORMAT, each with the lines that follow it. No field can hold what ends one."""
    fields = text.split("\0")
    starts = range(0, len(fields) - 1, 5)
    return [
        (
            _Step(fields[at].rpartition("\n")[2], fields[at + 1], fields[at + 2], int(fields[at + 3]), fields[at + 4]),
            fields[at + 5].split("\n")[1:-1],
        )
        for at in starts
    ]


def _is_chain(steps: Sequence[_Step], head: str) -> bool:
    """Whether each commit began with what the one before left, none came back to an earlier content, and HEAD has the
    last: then no simplification of the history would leave one of them out, and no merge changed the lock.
    """
    contents = [ABSENT, *(step.after for step in steps)]
    linked = all(step.before == before for step, before in zip(steps, contents, strict=False))
    return linked and contents[-1] == head and len(set(contents)) == len(contents)


def _history(
    lock: Path,
    head: LockState | str | None,
    steps: Sequence[_Step],
    states: Mapping[str, LockState | str | None],
    shallow: Collection[str],
) -> LockHistory | SourceError | None:
    if head is None:
        return None
    if isinstance(head, str):
        return _damaged(f"{lock} at HEAD", head)
    revisions = [
        Revision(
            commit=step.commit, author=step.author, email=step.email, time=step.time, subject=step.subject, lock=state
        )
        for step in steps
        if isinstance(state := states.get(step.after), LockState)
    ]
    if not steps or steps[0].commit in shallow:
        return SourceError(
            f"the lock {lock} has no whole git history: the project is a shallow clone",
            detail="each change of a lock is one more release; those before the clone begins would not be counted",
            hint=f"git -C {lock.parent} fetch --unshallow",
        )
    return LockHistory(head, tuple(fingerprint_changes(revisions)))


def _state(data: bytes) -> LockState | str | None:
    """What a lock says; None for that of a seed component, words for what is none."""
    try:
        table = parse(data.decode())
        return None if table.get("kind") == "deb" else lock_state(table)
    except ValueError as error:
        return str(error)


def _damaged(where: str, why: str) -> SourceError:
    return SourceError(f"{where} is not a lock: {why}", hint="`boatyard component update` writes locks anew")
