"""Archives by digest, shared by projects and runs: from a lookaside cache or an origin, checked before they are kept.

    <root>/sha512/ab/abcdef…        the file with that digest, nothing else

It lies beside the store of packages (`sources.store`), whose sizes are known beforehand; those of archives are not.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError, TrustError
from boatyard.ports import clock
from boatyard.ports.files import TEMPORARY, remove_tree, temporary_dir, writing_to
from boatyard.ports.http import AbsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.ports.http import Fetcher

STRONG = ("SHA256", "SHA512")
DIGITS = {"MD5": 32, "SHA256": 64, "SHA512": 128}
MAX_ARCHIVE = 8 << 30
ABANDONED_S = 86_400


class ArchiveStore:
    """Gives archives from the disk, or from the first address that has the right one. Safe to share between threads."""

    def __init__(self, root: Path, fetcher: Fetcher, *, offline: bool = False, limit: int = MAX_ARCHIVE) -> None:
        self._root, self._fetcher, self._offline, self._limit = root, fetcher, offline, limit
        self._lock = threading.Lock()
        self._verified: set[str] = set()
        self._sweep()

    def find(self, kind: str, digest: str) -> Path | None:
        """The archive, hashed once in a run; None when it is not here (any more, if it was damaged)."""
        path = self._path(kind, digest)
        with self._lock:
            known = digest in self._verified
        if not path.is_file():
            return None
        if not known and digest_of(path, kind) != digest.lower():
            path.unlink(missing_ok=True)
            return None
        self._mark(digest)
        return path

    def fetch(self, name: str, urls: Sequence[str], kind: str, digest: str) -> Path:
        """The archive, downloaded if need be. `kind`: one of STRONG.

        The first address with the right content counts: AbsentError when none has the file, TrustError when one gave
        other content and none the right one, else the SourceError of the first that could not be reached.
        """
        found = self.find(kind, digest)
        if found is None:
            found = self._path(kind, digest)
            self._download(name, urls, kind, digest, found)
            self._mark(digest)
        return found

    def fetch_weak(self, name: str, urls: Sequence[str], md5: str) -> str:
        """Downloads an archive with a known MD5 and keeps it under its SHA-512, which is given, to be locked."""
        with temporary_dir(self._root) as folder:
            self._download(name, urls, "MD5", md5, folder / "archive")
            digest = digest_of(folder / "archive", "SHA512")
            path = self._path("SHA512", digest)
            with writing_to(path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
                (folder / "archive").replace(path)
        self._mark(digest)
        return digest

    def _download(self, name: str, urls: Sequence[str], kind: str, digest: str, to: Path) -> None:
        if self._offline:
            raise SourceError(
                f"{name} is not in the cache, and nothing is fetched offline",
                detail=f"{kind} {digest}",
                hint="`boatyard source mirror` fetches it while there is a network",
                temporary=True,
            )
        failures: list[SourceError | TrustError] = []
        for url in urls:
            try:
                self._fetcher.download_named(url, to, kind=kind.lower(), digest=digest.lower(), limit=self._limit)
            except (SourceError, TrustError) as error:
                failures.append(error)
            else:
                return
        if not failures:
            raise SourceError(
                f"nothing says where {name} can be fetched",
                hint="set `lookaside-base-uri` of the distribution, or an `origin` with a `uri`",
            )
        raise min(failures, key=_weight)

    def _path(self, kind: str, digest: str) -> Path:
        name = digest.lower()
        assert len(name) == DIGITS[kind], "checked by the caller"
        return self._root / kind.lower() / name[:2] / name

    def _mark(self, digest: str) -> None:
        with self._lock:
            self._verified.add(digest)

    def _sweep(self) -> None:
        """Removes what killed runs left; a temporary file of a run still going on is younger."""
        oldest = clock.now() - ABANDONED_S
        for path in (*self._root.glob(f"{TEMPORARY}*"), *self._root.glob(f"sha*/*/{TEMPORARY}*")):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    remove_tree(path)


def digest_of(path: Path, kind: str) -> str:
    """The digest of a file in lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(kind.lower(), usedforsecurity=False)).hexdigest()


def _weight(error: SourceError | TrustError) -> int:
    """Wrong content says more than a server that is away, and that more than one that has nothing."""
    return 0 if isinstance(error, TrustError) else 2 if isinstance(error, AbsentError) else 1
