"""The files of a commit, as git lists them; what would not stay inside its folder is refused."""

from __future__ import annotations

import os
from dataclasses import dataclass

from boatyard.base.error import SourceError
from boatyard.ports.unpack import check_link

MAX_FILES = 50_000
MAX_BYTES = 512 << 20
LONGEST_PATH = 1024
FILE, PROGRAM, LINK, SUBMODULE = "100644", "100755", "120000", "160000"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file. `mode`: FILE, PROGRAM or LINK; `blob`: the id of its content."""

    path: str
    mode: str
    blob: str


def parse_tree(listing: bytes) -> tuple[TreeFile, ...]:
    """The output of `git ls-tree -r -z`, without submodules, whose content is never taken.

    SourceError for more than MAX_FILES files, for a path that leads outside or into `.git`, and for one given twice.
    """
    records = [record for record in listing.split(b"\0") if record]
    if len(records) > MAX_FILES:
        raise SourceError(f"the commit holds {len(records)} files, and at most {MAX_FILES} are taken")
    files, paths, folders = [], set[str](), set[str]()
    for record in records:
        head, _, name = record.partition(b"\t")
        mode, _, blob = head.decode("ascii", "replace").split(" ")
        path = os.fsdecode(name)
        _check_path(path)
        if mode == SUBMODULE:
            continue
        if mode not in (FILE, PROGRAM, LINK, "100664"):  # 100664: of old versions of git
            raise SourceError(f"the commit holds {path!r} of the kind {mode}")
        if path in paths:
            raise SourceError(f"the commit holds {path!r} twice")
        paths.add(path)
        folders.update(path[:end] for end, char in enumerate(path) if char == "/")
        files.append(TreeFile(path, FILE if mode == "100664" else mode, blob))
    if both := paths & folders:
        raise SourceError(f"the commit holds {min(both)!r} as a file and as a folder")
    return tuple(files)


def check_target(path: str, content: bytes) -> str:
    """Where a symbolic link points; SourceError when that could be outside of the tree, or in a `.git`."""
    target = os.fsdecode(content)
    if len(target) > LONGEST_PATH:
        raise SourceError(f"{path!r} is a symbolic link with a target of {len(target)} characters")
    check_link(path, target)
    return target


def _check_path(path: str) -> None:
    parts = path.split("/")
    if len(path) > LONGEST_PATH or any(part in ("", ".", "..") for part in parts):
        raise SourceError(f"the commit holds a file at {path[:200]!r}, which is no path inside it")
    if any(part.lower().rstrip(" .") in (".git", "git~1") for part in parts):
        raise SourceError(f"the commit holds {path[:200]!r}: the name .git is not for content")
