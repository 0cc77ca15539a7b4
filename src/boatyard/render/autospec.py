"""What rpmautospec needs: which specs leave their release or changelog to it, and the git history it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.render.history import LockState, Revision
from boatyard.render.release import TAG, uses_autorelease
from boatyard.spec.section import sections
from boatyard.spec.tag import tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boatyard.spec.section import Section

PROCESSED = "## START: Set by rpmautospec"
BRANCH = "refs/heads/main"
# The commit of what a local component's folder held before its configuration changed it.
INITIAL = "Initial sources"


@dataclass(frozen=True, slots=True)
class Commit:
    """An upstream commit as git stores it: its tree, the lines of its author and committer, and its message."""

    tree: str
    author: bytes
    committer: bytes
    message: bytes


def needs_rpmautospec(lines: Sequence[str]) -> bool:
    """Whether rpmautospec would change a spec: one that asks for it, and also one without any %changelog."""
    if PROCESSED in lines:
        return False
    return asks_for_rpmautospec(lines) or not _changelogs(lines)


def asks_for_rpmautospec(lines: Sequence[str]) -> bool:
    """Whether a spec holds %autorelease or %autochangelog, so that without rpmautospec it cannot be built as meant."""
    if PROCESSED in lines:
        return False
    if any(tag.is_named(TAG) and uses_autorelease(tag.value) for tag in tags(lines, "")):
        return True
    return any(
        lines[number].strip().startswith("%autochangelog") for log in _changelogs(lines)[:1] for number in log.body
    )


def _changelogs(lines: Sequence[str]) -> list[Section]:
    return [section for section in sections(lines) if section.name.lower() == "%changelog"]


def assumed_changes(count: int, time: int, upstream: str) -> list[Revision]:
    """Stand-ins for changes whose commits are not known."""
    lock = LockState(fingerprint="", upstream_commit=upstream)
    one = Revision(
        commit="dirty", author="azldev", email="azldev@local", time=time,
        subject="Local changes (uncommitted)", lock=lock,
    )  # fmt: skip
    return [one] * count


def parse_commit(data: bytes) -> Commit:
    """A commit object's content; ValueError when it is none."""
    head, _, message = data.partition(b"\n\n")
    fields = dict(line.partition(b" ")[::2] for line in head.split(b"\n") if not line.startswith(b" "))
    if not {b"tree", b"author", b"committer"} <= fields.keys():
        raise ValueError("not a commit")
    return Commit(fields[b"tree"].decode("ascii"), fields[b"author"], fields[b"committer"], message)


def import_stream(order: Sequence[str | Revision], upstream: Mapping[str, Commit], final_tree: str) -> bytes:
    """The history as input of `git fast-import`: one line of commits, merges straightened.

    The first upstream commit stays as it is, later ones get the parent before them. A change keeps the tree before it,
    but for the last one, which brings `final_tree`; it is dated by its author's time, in UTC.
    """
    changes = [item for item in order if isinstance(item, Revision)]
    done = 0
    parent, tree = b"", ""
    stream: list[bytes] = []
    for number, item in enumerate(order, start=1):
        if isinstance(item, Revision):
            done += 1
            tree = final_tree if done == len(changes) else tree
            who = _identity(item)
            commit = Commit(tree, who, who, item.message.encode("utf-8", "surrogateescape"))
        else:
            commit = upstream[item]
            tree = commit.tree
            if not parent:
                parent = item.encode("ascii")
                continue
        stream.append(_import_commit(number, commit, parent))
        parent = b":%d" % number
    if not stream and parent:
        stream.append(b"reset %s\nfrom %s\n" % (BRANCH.encode(), parent))
    return b"".join(stream) + b"done\n"


def _import_commit(mark: int, commit: Commit, parent: bytes) -> bytes:
    start = b"from %s\n" % parent if parent else b""
    return (
        b"commit %s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n%sM 040000 %s \n"
        % (BRANCH.encode(), mark, commit.author, commit.committer, len(commit.message), commit.message, start,
           commit.tree.encode("ascii"))
    )  # fmt: skip


def _identity(change: Revision) -> bytes:
    """Name, address and time as git writes them; characters that would end a field are dropped."""
    name, email = (text.translate({ord(c): None for c in "<>\n\0"}).strip() for text in (change.author, change.email))
    return f"{name} <{email}> {change.time} +0000".encode("utf-8", "surrogateescape")
