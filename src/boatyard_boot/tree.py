"""Looking up files in a root file system on disk: its links mean places inside it, never on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_boot.error import BootError

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINKS = 40  # as the kernel's limit (ELOOP)


def resolve(root: Path, path: str) -> Path:
    """The file that `path` names inside `root`, all links followed; it need not exist. BootError for a circle."""
    todo = [part for part in reversed(path.split("/")) if part]
    found: list[str] = []
    links = 0
    while todo:
        part = todo.pop()
        if part in (".", ".."):
            if part == ".." and found:
                found.pop()
            continue
        here = root.joinpath(*found, part)
        if not here.is_symlink():
            found.append(part)
            continue
        links += 1
        if links > MAX_LINKS:
            raise BootError(f"too many links on the way to {path} in {root}")
        target = str(here.readlink())
        if target.startswith("/"):
            found.clear()
        todo.extend(part for part in reversed(target.split("/")) if part)
    return root.joinpath(*found)


def find_file(root: Path, *paths: str) -> Path | None:
    """The first of the paths that is a file inside `root`."""
    return next((found for path in paths if (found := resolve(root, path)).is_file()), None)


def need_file(root: Path, *paths: str, hint: str) -> Path:
    """Like find_file; BootError with the hint when none of them is there."""
    found = find_file(root, *paths)
    if found is None:
        raise BootError(f"the root file system has no {' or '.join(paths)}", hint=hint)
    return found
