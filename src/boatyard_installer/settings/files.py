"""Writing into the new root: whole files, at places that no link moves out of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from boatyard_boot.durable import make_folder, replace_file
from boatyard_boot.error import BootError
from boatyard_boot.tree import resolve
from boatyard_installer.error import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = (0, 0)


def place(root: Path, path: str) -> Path:
    """Where `path` is in the root; links on the way stay inside, a link in the last place is not followed."""
    folder, _, name = path.strip("/").rpartition("/")
    return resolve(root, folder) / name


def put_file(root: Path, path: str, data: str | bytes, mode: int = 0o644, owner: tuple[int, int] = ROOT) -> None:
    """Makes or replaces a file; a link in its place is replaced. `owner`: uid and gid."""
    with told(path):
        target = place(root, path)
        replace_file(target, data.encode() if isinstance(data, str) else data, mode)
        os.chown(target, *owner, follow_symlinks=False)


def put_link(root: Path, path: str, target: str) -> None:
    """Makes or replaces a symbolic link."""
    with told(path):
        link = place(root, path)
        make_folder(link.parent)
        beside = link.with_name(f".{link.name}.new")
        beside.unlink(missing_ok=True)
        beside.symlink_to(target)
        beside.rename(link)


def put_folder(root: Path, path: str, mode: int, owner: tuple[int, int]) -> None:
    """Makes a folder, whose parent is there, or sets the mode and owner of one. StepError for a link in its place."""
    with told(path):
        folder = place(root, path)
        if folder.is_symlink():
            raise StepError(f"/{path.strip('/')} is a link in the new system, not a folder")
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, *owner, follow_symlinks=False)
        folder.chmod(mode)


@contextmanager
def told(path: str) -> Iterator[None]:
    """Turns errors of the file system into StepError that names the file."""
    try:
        yield
    except (OSError, BootError) as error:
        raise StepError(f"/{path.strip('/')} of the new system cannot be written: {error}") from error
