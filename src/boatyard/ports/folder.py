"""A folder whose content nobody trusts: nothing is read or written outside it, whatever links it holds.

Every path is walked from the folder's descriptor with O_NOFOLLOW (openat), so a symbolic link in the place of a folder
is refused, also when it appears while the work goes on. Files are replaced, never written in place: a hard link to the
old content keeps it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from typing import IO, TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.ports.files import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

LONGEST_PATH = 4096
LONGEST_NAME = 255
DEEPEST = 128
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """Access beneath one folder; paths are relative, with `/`. A context manager: it holds descriptors."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # Archives list a folder's files one after the other.
        self._last: tuple[tuple[str, ...], int] | None = None

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._forget()
        os.close(self._root)

    def files(self) -> list[str]:
        """Every regular file and symbolic link, sorted by folder and name; links are not followed."""
        return [path for path, kind in self.walk() if kind != "dir"]

    def walk(self) -> Iterator[tuple[str, str]]:
        """Every (path, kind), a folder before its content, names sorted as bytes; kind is dir, file, link or other."""
        yield from self._walk(self._root, "")

    def kind(self, path: str) -> str:
        """dir, file, link or other; "" when there is nothing of that name."""
        try:
            with self._parent(path) as (parent, name):
                return _kind(os.lstat(name, dir_fd=parent).st_mode)
        except FileNotFoundError:
            return ""

    def mode(self, path: str) -> int:
        """The permission bits of a file, folder or link."""
        with self._parent(path) as (parent, name):
            return stat.S_IMODE(os.lstat(name, dir_fd=parent).st_mode)

    def read(self, path: str) -> bytes:
        with self.open(path) as stream:
            return stream.read()

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """A regular file, to be read."""
        with self._parent(path) as (parent, name):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceError(f"{path} is no regular file")
            yield stream

    def target(self, path: str) -> str:
        """Where a symbolic link points."""
        with self._parent(path) as (parent, name):
            return os.readlink(name, dir_fd=parent)

    def write(self, path: str, data: bytes, mode: int) -> None:
        """Makes a file or replaces one; its folders are made."""
        with self.writing(path, mode) as stream:
            stream.write(data)

    @contextlib.contextmanager
    def writing(self, path: str, mode: int) -> Iterator[IO[bytes]]:
        """A stream whose content becomes the file when the block ends well."""
        with self._parent(path, make=True) as (shared, name):
            parent = os.dup(shared)  # the caller may use other folders meanwhile
        try:
            temporary = f"{TEMPORARY}{os.getpid()}-{os.urandom(4).hex()}"
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=parent)
            try:
                with os.fdopen(handle, "wb") as stream:
                    yield stream
                    os.fchmod(stream.fileno(), mode)
                os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                os.unlink(temporary, dir_fd=parent)
                raise
        finally:
            os.close(parent)

    @contextlib.contextmanager
    def creating(self, path: str, mode: int) -> Iterator[IO[bytes]]:
        """A stream into a new file, which a kill leaves half written; FileExistsError when there is something."""
        with self._parent(path, make=True) as (parent, name):
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                os.fchmod(handle, mode)
        except BaseException:
            self.remove(path)
            raise

    def copy_in(self, source: Path, path: str, mode: int = 0o644) -> None:
        """Copies the content of a file from outside."""
        with source.open("rb") as original, self.writing(path, mode) as stream:
            shutil.copyfileobj(original, stream)

    def make_dir(self, path: str, mode: int = 0o755) -> None:
        """Makes a folder and those above it; an existing one gets the mode."""
        parent = self._open_folder(_parts(path), make=True)
        os.fchmod(parent, mode)

    def make_link(self, path: str, target: str) -> None:
        """Makes a symbolic link; whether its target is fit is the caller's to know. It replaces nothing."""
        with self._parent(path, make=True) as (parent, name):
            os.symlink(target, name, dir_fd=parent)

    def hard_link(self, existing: str, path: str) -> None:
        """Gives a regular file a second name. It replaces nothing."""
        if self.kind(existing) != "file":
            raise SourceError(f"{path} is a hard link to {existing!r}, which is no regular file")
        with self._parent(existing) as (parent, name):
            kept = os.dup(parent)
        try:
            with self._parent(path, make=True) as (parent, new):
                os.link(name, new, src_dir_fd=kept, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(kept)

    def remove(self, path: str) -> None:
        """Removes a file or link."""
        with self._parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)

    def rename(self, path: str, name: str) -> None:
        """Gives a file another name in the same folder; there must be none of that name."""
        if len(_parts(name)) > 1:
            raise SourceError(f"cannot rename {path!r}: {name!r} is not a path inside its folder")
        with self._parent(path) as (parent, old):
            if _exists(name, parent):
                raise SourceError(f"cannot rename {path!r}: {name!r} already exists")
            os.rename(old, name, src_dir_fd=parent, dst_dir_fd=parent)

    @contextlib.contextmanager
    def _parent(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The descriptor of the folder that holds a path, and the last name."""
        *folders, name = _parts(path)
        yield self._open_folder(tuple(folders), make=make), name

    def _open_folder(self, parts: tuple[str, ...], *, make: bool) -> int:
        if not parts:
            return self._root
        if self._last is not None and self._last[0] == parts:
            return self._last[1]
        self._forget()
        handle = os.dup(self._root)
        try:
            for depth, part in enumerate(parts):
                below = _step(handle, part, "/".join(parts[: depth + 1]), make=make)
                os.close(handle)
                handle = below
        except BaseException:
            os.close(handle)
            raise
        self._last = (parts, handle)
        return handle

    def _forget(self) -> None:
        if self._last is not None:
            os.close(self._last[1])
            self._last = None

    def _walk(self, folder: int, prefix: str) -> Iterator[tuple[str, str]]:
        if prefix.count("/") > DEEPEST:
            raise SourceError(f"{prefix[:80]!r}… is more than {DEEPEST} folders deep")
        for name in sorted(os.listdir(folder), key=os.fsencode):
            kind = _kind(os.lstat(name, dir_fd=folder).st_mode)
            yield prefix + name, kind
            if kind == "dir":
                below = os.open(name, _FOLDER, dir_fd=folder)
                try:
                    yield from self._walk(below, f"{prefix}{name}/")
                finally:
                    os.close(below)


def _parts(path: str) -> tuple[str, ...]:
    """The names of a relative path; SourceError when it could mean something outside."""
    parts = tuple(path.split("/"))
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise SourceError(f"{path!r} is not a path inside the folder", hint="no `..`, no leading or double slash")
    if len(parts) > DEEPEST:
        raise SourceError(f"{path[:80]!r}… is more than {DEEPEST} folders deep")
    if len(os.fsencode(path)) > LONGEST_PATH or any(len(os.fsencode(part)) > LONGEST_NAME for part in parts):
        raise SourceError(f"the path {path[:80]!r}… is longer than a file system allows")
    return parts


def _step(folder: int, name: str, path: str, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(name, 0o755, dir_fd=folder)
        return os.open(name, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise SourceError(
            f"{path!r} is no folder of its own: {error.strerror}", hint="links are not followed"
        ) from None


def _exists(name: str, folder: int) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "dir"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "other"
