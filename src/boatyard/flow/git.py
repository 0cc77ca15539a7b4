"""Runs git over repositories on the disk, those of the project and dist-git checkouts: they are data, never obeyed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, SourceError
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boatyard.ports.run import Result, Runner

# Nothing that a repository configures may run a program; its owner may be another user.
_GIT = (
    "git", "--literal-pathspecs", "-c", "safe.directory=*", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false",
)  # fmt: skip
NOT_THERE = 128
LINK = b"120000"
_ID = re.compile(r"[0-9a-f]{40,64}")


def git(folder: Path, run: Runner, *words: str, ok: tuple[int, ...] = (0,), given: bytes | None = None) -> Result:
    """Runs git in a folder; ToolError when it fails."""
    return run(Command(argv=(*_GIT, "-C", str(folder), *words), ok=ok, input=given, timeout_s=600))


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


@dataclass(frozen=True, slots=True)
class ProjectGit:
    """The repository that a folder is in. `top`: the folder of its working tree. Paths are relative to `top`."""

    top: Path
    run: Runner

    @classmethod
    def around(cls, folder: Path, run: Runner) -> ProjectGit:
        """The repository of a folder; SourceError when there is none."""
        found = git(folder, run, "rev-parse", "--show-toplevel", ok=(0, NOT_THERE))
        if found.code:
            raise SourceError(
                f"{folder} is in no git repository, so nothing is known of its past",
                hint=f"git -C {folder} init, and commit the project with its locks",
            )
        return cls(Path(found.text.rstrip("\n")), run)

    def path(self, folder: Path) -> str:
        """A folder as git names it; SourceError for one that is not in the repository."""
        relative = os.path.relpath(os.path.realpath(folder), os.path.realpath(self.top))
        if relative == os.pardir or relative.startswith(f"{os.pardir}{os.sep}"):
            raise SourceError(
                f"{folder} is not in the git repository {self.top}", hint="keep it in git, with the project"
            )
        return relative

    def commit(self, reference: str) -> str:
        """The id of the commit that a name stands for; NotFoundError when there is none."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        found = git(self.top, self.run, *words, ok=(0, 1, NOT_THERE)).text.strip()
        if not _ID.fullmatch(found):  # a range gives two
            raise NotFoundError(
                f"no commit {reference!r} in {self.top}",
                hint="name a branch, a tag or a commit; a shallow clone has to fetch it first",
            )
        return found

    def files(self, commit: str, folder: str) -> dict[str, str]:
        """The object of each file right in a folder of a commit, by name; links and folders are left out."""
        words = ("ls-tree", "-z", "--full-tree", commit, "--", f"{folder}/" if folder != "." else ".")
        found = {}
        for entry in git(self.top, self.run, *words).stdout.split(b"\0"):
            head, _, path = entry.partition(b"\t")
            mode, kind, blob = head.split(b" ") if head else (b"", b"", b"")
            if kind == b"blob" and mode != LINK:
                found[os.fsdecode(path).rpartition("/")[2]] = blob.decode()
        return found

    def differing(self, before: str, after: str, folder: str) -> list[str]:
        """The files below a folder that differ between two commits, by their path below it."""
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", before, after, "--", folder)
        prefix = "" if folder == "." else f"{folder}/"
        names = git(self.top, self.run, *words).stdout.split(b"\0")
        return [os.fsdecode(name).removeprefix(prefix) for name in names if name]

    def contents(self, objects: Iterable[str]) -> dict[str, bytes]:
        """What objects hold, by their ids; those that are not there are left out."""
        return read_objects(self.top, list(dict.fromkeys(objects)), self.run)


def read_objects(folder: Path, names: Sequence[str], run: Runner) -> dict[str, bytes]:
    """What the objects of git that these names stand for hold; those that are not there are left out."""
    if not names:
        return {}
    data = git(folder, run, "cat-file", "--batch", given="".join(f"{one}\n" for one in names).encode()).stdout
    found: dict[str, bytes] = {}
    position = 0
    for name in names:
        end = data.index(b"\n", position)
        words = data[position:end].split(b" ")
        position = end + 1
        if words[-1] == b"missing":
            continue
        size = int(words[-1])
        found[name] = data[position : position + size]
        position += size + 1
    return found
