"""The store of downloads: content-addressed by SHA-256, shared by projects and processes.

    <root>/sha256/ab/abcdef…        the file with that digest, nothing else

What is read from the store is hashed again once per run; a damaged object is removed and fetched anew. Objects appear
whole or not at all, so a killed run leaves nothing but temporary files, which a later run sweeps.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_file
from boatyard.base.error import SourceError
from boatyard.ports import clock
from boatyard.ports.files import TEMPORARY
from boatyard.ports.http import AbsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.ports.http import Fetcher

ABANDONED_S = 86_400


class ContentStore:
    """Gives files by digest, from the disk or from the first address that has them. Safe to share between threads."""

    def __init__(self, root: Path, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self._objects = root / "sha256"
        self._lock = threading.Lock()
        self._verified: set[str] = set()
        self._sweep()

    def path(self, sha256: str) -> Path:
        """Where the object is, or would be."""
        return self._objects / sha256[:2] / sha256

    def find(self, sha256: str, size: int) -> Path | None:
        """The object, verified; None when it is not here (any more, if it was damaged)."""
        path = self.path(sha256)
        with self._lock:
            known = sha256 in self._verified
        try:
            if path.stat().st_size == size and (known or sha256_file(path) == sha256):
                self._mark(sha256)
                return path
        except FileNotFoundError:
            return None
        path.unlink(missing_ok=True)
        return None

    def fetch(self, urls: Sequence[str], *, size: int, sha256: str) -> Path:
        """The object, downloaded if need be from the first address that has it.

        AbsentError when no address has it, SourceError when none can be reached, TrustError when one gives other
        content (which is never kept).
        """
        found = self.find(sha256, size)
        if found is not None:
            return found
        path = self.path(sha256)
        failure: SourceError | None = None
        for url in urls:
            try:
                self.fetcher.download(url, path, size=size, sha256=sha256)
            except SourceError as error:
                # An address that does not answer tells more than one that answers "not here".
                if failure is None or isinstance(failure, AbsentError):
                    failure = error
            else:
                self._mark(sha256)
                return path
        assert failure is not None, "no address given"
        raise failure

    def _mark(self, sha256: str) -> None:
        with self._lock:
            self._verified.add(sha256)

    def _sweep(self) -> None:
        """Removes what killed runs left; a temporary file of a run still going on is younger."""
        oldest = clock.now() - ABANDONED_S
        for path in self._objects.glob(f"*/{TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
