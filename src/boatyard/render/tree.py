"""Rendered folders: copied with plain permissions, compared, and shown as a difference."""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boatyard.base.error import SourceError
from boatyard.ports.folder import Folder
from boatyard.ports.unpack import check_link
from boatyard.spec.text import decode

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

Status = Literal["added", "removed", "modified"]
MAX_SHOWN = 4 << 20  # bytes of a file whose difference is shown line by line


@dataclass(frozen=True, slots=True)
class Difference:
    """A path that differs between two folders."""

    path: str
    status: Status


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or link of a folder: executable or not, and where a link points."""

    executable: bool = False
    target: str = ""


def copy_rendered(source: Path, into: Path, kept: Collection[str] | None = None) -> None:
    """Copies the files of a folder (only below the top entries in `kept`): 0755 for executables, else 0644.

    Links that stay inside are kept; SourceError for one that leads outside.
    """
    into.mkdir(exist_ok=True)
    with Folder(source) as old, Folder(into) as new:
        for path, entry in _entries(old).items():
            if kept is not None and path.partition("/")[0] not in kept:
                continue
            if entry.target:
                check_link(path, entry.target)
                new.make_link(path, entry.target)
                continue
            with old.open(path) as stream, new.writing(path, 0o755 if entry.executable else 0o644) as written:
                shutil.copyfileobj(stream, written)


def compare_trees(before: Path, after: Path) -> list[Difference]:
    """What is added, removed or modified (content, executable bit, link target), sorted by path.

    A folder that does not exist is empty.
    """
    if not before.is_dir():
        with Folder(after) as new:
            return [Difference(path, "added") for path in sorted(_entries(new))]
    with Folder(before) as old, Folder(after) as new:
        ours, theirs = _entries(old), _entries(new)
        return [
            Difference(path, "removed" if path not in theirs else "added" if path not in ours else "modified")
            for path in sorted(ours.keys() | theirs.keys())
            if ours.get(path) != theirs.get(path) or (not ours[path].target and not _same(old, new, path))
        ]


def unified_diff(before: Path, after: Path, difference: Difference) -> str:
    """A difference as a patch, with `a/` and `b/` before the paths; binary and very large files get one line."""
    path = difference.path
    old = _content(before, path) if difference.status != "added" else b""
    new = _content(after, path) if difference.status != "removed" else b""
    names = (
        "/dev/null" if difference.status == "added" else f"a/{path}",
        "/dev/null" if difference.status == "removed" else f"b/{path}",
    )
    if old == new:
        return f"# {path}: only its permissions differ\n"
    if b"\0" in old or b"\0" in new or max(len(old), len(new)) > MAX_SHOWN:
        return f"Binary files {names[0]} and {names[1]} differ\n"
    lines = difflib.unified_diff(_lines(old), _lines(new), *names)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _entries(folder: Folder) -> dict[str, Entry]:
    found = {}
    for path, kind in folder.walk():
        if kind == "file":
            found[path] = Entry(executable=bool(folder.mode(path) & 0o100))
        elif kind == "link":
            found[path] = Entry(target=folder.target(path))
        elif kind == "other":
            raise SourceError(f"{folder.root / path} is no file, folder or link", hint="remove it")
    return found


def _same(old: Folder, new: Folder, path: str) -> bool:
    with old.open(path) as first, new.open(path) as second:
        while True:
            mine, theirs = first.read(1 << 20), second.read(1 << 20)
            if mine != theirs:
                return False
            if not mine:
                return True


def _content(root: Path, path: str) -> bytes:
    with Folder(root) as folder:
        return folder.target(path).encode() if folder.kind(path) == "link" else folder.read(path)


def _lines(data: bytes) -> list[str]:
    """Lines with their newline; cut at newlines only."""
    text = decode(data)
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
