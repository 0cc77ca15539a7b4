"""A folder as a store of objects: each a file, durable before it gets its name, which it gets in one step."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boatyard.base.error import SourceError
from boatyard.ports.files import TEMPORARY, link_or_copy, remove_tree, sync, writing_to

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = "tmp"  # what is being written, on the file system of the objects


class Found(NamedTuple):
    """An object's size in bytes, and when it was made, linked or renewed last, in seconds since the epoch."""

    size: int
    modified: float


class FolderObjects:
    """The objects below a folder of this machine, or of a network file system with hard links. Threads may share it."""

    def __init__(self, root: Path, *, address: str = "", shares_files: bool = False) -> None:
        """`shares_files`: an object may be the very file it was made of (a hard link), instead of a copy."""
        self.root, self.address = root, address or str(root)
        self._shares_files = shares_files

    def path(self, name: str) -> Path:
        """Where an object is, or would be."""
        return self.root / name

    def find(self, name: str) -> Found | None:
        try:
            with _reading(self.path(name)):
                stat = self.path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Found(stat.st_size, stat.st_ctime)  # making a link leaves the file's own date alone

    def read(self, name: str, *, limit: int) -> bytes | None:
        try:
            with _reading(self.path(name)), self.path(name).open("rb") as stream:
                data = stream.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return data if len(data) <= limit else None

    def download(self, name: str, to: Path) -> bool:
        try:
            with _reading(self.path(name)):
                shutil.copyfile(self.path(name), to)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def upload(self, name: str, source: Path) -> None:
        with self.receiving() as temporary:
            if self._shares_files:
                link_or_copy(source, temporary)
            else:
                shutil.copyfile(source, temporary)
            self.keep(temporary, name)

    def write(self, name: str, data: bytes) -> None:
        with self.receiving() as temporary:
            temporary.write_bytes(data)
            self.keep(temporary, name)

    def create(self, name: str, data: bytes) -> bool:
        with self.receiving() as temporary:
            temporary.write_bytes(data)
            sync(temporary)
            path = self._placed(name)
            try:
                path.hardlink_to(temporary)
            except FileExistsError:
                return temporary.stat().st_nlink > 1  # over NFS a repeated request meets its own work
            sync(path.parent)
        return True

    def renew(self, name: str) -> None:
        with contextlib.suppress(OSError):  # another user's store can be read all the same
            os.utime(self.path(name))

    def list(self, prefix: str) -> Iterator[tuple[str, Found]]:
        for folder, folders, files in os.walk(self.root / prefix):
            folders.sort()
            for file in sorted(files):
                name = str(Path(folder, file).relative_to(self.root))
                found = self.find(name)
                if found is not None and not file.startswith(TEMPORARY):
                    yield name, found

    def delete(self, name: str) -> None:
        with writing_to(self.root):
            self.path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def receiving(self) -> Iterator[Path]:
        """A new empty file for `keep`; what is left of it at the end of the block goes away."""
        work = self.root / WORK
        with writing_to(self.root):
            work.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=work)
            os.fchmod(handle, 0o644)
            os.close(handle)
            try:
                yield Path(name)
            finally:
                Path(name).unlink(missing_ok=True)

    def keep(self, temporary: Path, name: str) -> None:
        """Makes an object of what was received, in the place of another of that name."""
        sync(temporary)
        path = self._placed(name)
        temporary.replace(path)
        sync(path.parent)

    def _placed(self, name: str) -> Path:
        path = self.path(name)
        missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            sync(folder.parent)
        return path

    def sweep_work(self, oldest: float) -> None:
        """Removes what killed processes were writing before a date (seconds since the epoch)."""
        for path in (self.root / WORK).glob(f"{TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ctime < oldest:
                    remove_tree(path)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Tells of a disk or server that does not give what it has; that something is not there, or not enough room for
    it here, is for the caller."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT):
            raise
        raise SourceError(
            f"{path} cannot be read: {error.strerror}",
            hint="mend its rights, or what is wrong with the disk or server that holds it",
            temporary=error.errno not in (errno.EACCES, errno.EPERM),
        ) from error
