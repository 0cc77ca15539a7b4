"""The depot: content by its digest, and records of what was made, by their key; shared by processes and machines.

    cas/ab/<sha256>     an object: any content, under its own digest
    ac/ab/<key>         a record: what an action with that key gave, sealed, naming the objects it needs
    tmp/                what is being written
    use.lock            held by every process that uses the folder; see `build.depot_sweep`

There is always a local folder; behind it there may be a store that several machines share. Objects are hashed again
when they are used; damaged ones are removed and fetched anew. A record is put last, when everything it names is there.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
import weakref
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_bytes, sha256_file
from boatyard.base.error import BoatyardError, NotFoundError, SourceError, ToolError
from boatyard.build.record import is_for_others, sealed, unsealed
from boatyard.ports import clock
from boatyard.ports.files import link_or_copy, remove_tree
from boatyard.ports.lease import hold
from boatyard.ports.object_folder import WORK, FolderObjects
from boatyard.ports.objects import open_objects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from boatyard.build.record import Record
    from boatyard.ports.objects import Objects

OBJECTS, RECORDS, LOCK = "cas", "ac", "use.lock"
RECORD_LIMIT = 64 << 20  # bytes; a build with a thousand packages in its buildroot has 300 kB
RENEW_S = 86_400  # what is in use is never much older than this, so that no sweep takes it for forgotten
_DIGEST = re.compile("[0-9a-f]{64}")
_FORMER = "??/" + "?" * 64  # results in the layout before this one


class Depot:
    """Safe to share between threads. Whoever has one keeps sweeps away from its folder, until `close` or its end."""

    def __init__(
        self, local: Path, shared: Objects | None = None, *, read_only: bool = False, secret: bytes = b""
    ) -> None:
        self.local = FolderObjects(local, shares_files=True)
        self.shared, self.read_only = shared, read_only
        self._secret = secret
        self._lock = threading.Lock()
        self._whole: dict[str, tuple[int, int, int]] = {}  # objects known to be whole: inode, size, date
        self._published: set[str] = set()
        self._silent = False
        self._release = weakref.finalize(self, os.close, hold(local / LOCK, alone=lambda: _tidy(local)))

    @classmethod
    def open(cls, local: Path, shared: str = "", *, read_only: bool = False, secret: bytes = b"") -> Depot:
        """The depot in a folder, with the store at the address `shared` behind it (`ports.objects`).

        `read_only`: nothing is put into the shared store. `secret`: what all trusted writers have; a shared
        record that was sealed without it is not believed.
        """
        return cls(local, open_objects(shared) if shared else None, read_only=read_only, secret=secret)

    @property
    def work(self) -> Path:
        """A folder for temporary folders of builds, on the same file system, so that results can be linked."""
        return self.local.path(WORK)

    def put_file(self, path: Path) -> str:
        """Keeps a file's content, by a hard link where that is possible; its SHA-256 (hex).

        The file belongs to the depot from then on: whoever changes it damages the object. ToolError for what is no
        plain file; a build may leave links that lead anywhere.
        """
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ToolError(f"{path} is no plain file, and is not kept")
        with self.local.receiving() as temporary:
            link_or_copy(path, temporary)
            return self._keep(temporary, sha256_file(temporary))

    def put_bytes(self, data: bytes) -> str:
        """Keeps some content; its SHA-256 (hex)."""
        with self.local.receiving() as temporary:
            temporary.write_bytes(data)
            return self._keep(temporary, sha256_bytes(data))

    def fetch(self, sha256: str) -> Path:
        """Where the object is on this machine, verified; NotFoundError when nobody has it (any more, undamaged)."""
        path = self._find(sha256) or self._download(sha256)
        if path is None:
            places = f"{self.local.address} has" if self.shared is None else f"the depot and {self.shared.address} have"
            raise NotFoundError(f"{places} no object {sha256}", hint="run the command again: what is gone is made anew")
        return path

    def has(self, sha256: str) -> bool:
        """Whether the object is here, verified, or in the shared store, as far as that says."""
        if self._find(sha256) is not None:
            return True
        return self.shared is not None and self.shared.find(object_name(sha256)) is not None

    def share(self, digests: Iterable[str]) -> None:
        """Has objects in the shared store, for others; those that it lacks are put there.

        NotFoundError for one that is neither here nor there.
        """
        if self.shared is None or self.read_only:
            return
        for sha256 in digests:
            with self._lock:
                known = sha256 in self._published
            if not known and self.shared.find(object_name(sha256)) is None:
                self._publish(sha256, self.fetch(sha256))
            with self._lock:
                self._published.add(sha256)

    def record(self, key: str) -> bytes | None:
        """What was recorded for a key; None when nothing was, or nothing that can be relied on.

        The shared store has the last word; while it does not answer, what is here is used.
        """
        name = record_name(key)
        here = self.local.read(name, limit=RECORD_LIMIT)
        mine = unsealed(here, key)
        if self.shared is not None and not (self._silent and mine is not None):
            try:
                return self._shared_record(key, mine)
            except SourceError as error:
                if mine is None or not error.temporary:
                    raise
                self._silent = True
        if mine is None:
            return None
        self._renew(self.local, name)
        return mine.data

    def put_record(self, key: str, data: bytes, objects: Collection[str] = ()) -> bool:
        """Records what a key gave; False when another was first: theirs stands, here too, if all it names is there.

        `objects`: the digests that the data names; NotFoundError unless all are here. They go to the shared store
        before the record, and stay as long as it does.
        """
        for sha256 in sorted(set(objects)):
            self._publish(sha256, self.fetch(sha256))
        name, mine = record_name(key), sealed(key, data, objects)
        theirs = None
        if self.shared is not None and not self.read_only:
            theirs = self._race(self.shared, key, sealed(key, data, objects, self._secret), self._secret)
            # What is here follows what is there.
            self.local.write(name, mine if theirs is None else sealed(key, theirs.data, theirs.objects))
        else:
            theirs = self._race(self.local, key, mine)
        return theirs is None

    def close(self) -> None:
        """Lets sweeps begin; the depot is not used any more."""
        self._release()

    def __enter__(self) -> Depot:
        return self

    def __exit__(self, *of_the_block: object) -> None:
        self.close()

    def _find(self, sha256: str) -> Path | None:
        """The object on this machine; it is hashed unless this depot did so and the file is as it was."""
        path = self.local.path(object_name(sha256))
        try:
            mark = _mark(path)
        except FileNotFoundError:
            return None
        with self._lock:
            known = self._whole.get(sha256) == mark
        if known:
            return path
        if not _is_whole(path, sha256):
            with contextlib.suppress(FileNotFoundError):
                if _mark(path) == mark:  # else another process has mended it meanwhile
                    remove_tree(path)
            return None
        with self._lock:
            self._whole[sha256] = mark
        return path

    def _is_sound(self, sha256: str) -> bool:
        """Whether the object can be had, and is what its name says."""
        return (self._find(sha256) or self._download(sha256)) is not None

    def _keep(self, temporary: Path, sha256: str) -> str:
        name = object_name(sha256)
        found = self.local.find(name) if self._find(sha256) is not None else None
        if found is None or _is_old(found.modified):
            self.local.keep(temporary, name)
        self._publish(sha256, self.local.path(name))
        return sha256

    def _download(self, sha256: str) -> Path | None:
        if self.shared is None:
            return None
        name = object_name(sha256)
        with self.local.receiving() as temporary:
            if not self.shared.download(name, temporary):
                return None
            if sha256_file(temporary) != sha256:
                if not self.read_only:  # it is of no use to anybody; who puts it again finds the place empty
                    with contextlib.suppress(BoatyardError):
                        self.shared.delete(name)
                return None
            self.local.keep(temporary, name)
        return self.local.path(name)

    def _publish(self, sha256: str, path: Path) -> None:
        """Has an object in the shared store, and young enough to outlive the sweeps of today."""
        if self.shared is None or self.read_only or sha256 in self._published:
            return
        found = self.shared.find(object_name(sha256))
        if found is None or found.size != path.stat().st_size or _is_old(found.modified):
            self.shared.upload(object_name(sha256), path)
        with self._lock:
            self._published.add(sha256)

    def _shared_record(self, key: str, mine: Record | None) -> bytes | None:
        assert self.shared is not None
        name = record_name(key)
        theirs = unsealed(self.shared.read(name, limit=RECORD_LIMIT), key, self._secret)
        if theirs is None:
            if mine is not None and not self.read_only:  # made while there was no shared store, or swept there
                with contextlib.suppress(NotFoundError):
                    self.put_record(key, mine.data, mine.objects)
            return None if mine is None else mine.data
        if mine != theirs:
            self.local.write(name, sealed(key, theirs.data, theirs.objects))
            self._renew(self.shared, name)
        else:
            here = self.local.find(name)
            if here is None or _is_old(here.modified):
                self._renew(self.shared, name)
                self.local.renew(name)
        return theirs.data

    def _renew(self, store: Objects, name: str) -> None:
        found = store.find(name)
        if found is not None and _is_old(found.modified) and not (self.read_only and store is self.shared):
            store.renew(name)

    def _race(self, store: Objects, key: str, raw: bytes, secret: bytes = b"") -> Record | None:
        """Has a record in a store; that of another who was first, if it can be relied on and all it names is there."""
        name = record_name(key)
        if store.create(name, raw):
            return None
        there = store.read(name, limit=RECORD_LIMIT)
        theirs = unsealed(there, key, secret)
        if theirs is not None and all(self._is_sound(sha256) for sha256 in theirs.objects):
            return theirs
        if secret or not is_for_others(there):
            store.write(name, raw)
        return None


def object_name(sha256: str) -> str:
    """The name of an object in every store; ValueError for what is no digest."""
    return _name(OBJECTS, sha256)


def record_name(key: str) -> str:
    """The name of a record in every store; ValueError for what is no digest."""
    return _name(RECORDS, key)


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 as the depot writes it."""
    return _DIGEST.fullmatch(text) is not None


def _name(kind: str, digest: str) -> str:
    if not is_digest(digest):
        raise ValueError(f"{digest[:80]!r} is no SHA-256")
    return f"{kind}/{digest[:2]}/{digest}"


def _mark(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and sha256_file(path) == sha256
    except OSError:  # of a disk that gives way, mostly
        return False


def _is_old(modified: float) -> bool:
    return modified < clock.now() - RENEW_S


def _tidy(local: Path) -> None:
    """Removes what killed processes were writing, and results in the layout before this one; nobody uses the depot."""
    for path in _left(local):
        remove_tree(path)
        if path.parent not in (local, local / WORK):
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _left(local: Path) -> Iterator[Path]:
    yield from (local / WORK).glob(".tmp-*")
    yield from local.glob(".tmp-*")
    yield from local.glob(_FORMER)
