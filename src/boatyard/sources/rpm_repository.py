"""RPM repositories of others: their metadata, pinned for a run, and packages, all checked by digest.

    <root>/metadata/<sha256>/repodata/    what the repomd.xml of that digest names: primary, filelists; never changed
    <root>/seen/<address>                 which of them a repository had last, for when it cannot be reached
    <root>/key/<address>                  a repository's key as it was fetched first; another one is not taken

A metalink's digest and a signature, where there are any, vouch for repomd.xml, which has the digests of the metadata,
which has those of the packages. Packages are signed besides; see `flow.build.repository`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from boatyard.artifact.codec import Artifact, find_sealed, save_sealed
from boatyard.base.digest import fingerprint, sha256_bytes, sha256_file
from boatyard.base.error import SourceError, TrustError
from boatyard.ports import clock
from boatyard.ports.compression import Bounds, decompressed
from boatyard.ports.files import remove_tree, replacing_dir, write_atomic
from boatyard.ports.http import AbsentError
from boatyard.ports.route import shown
from boatyard.rpm.signature import verify_file
from boatyard.sources.metalink import Metalink, read_metalink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.run import Runner
    from boatyard.sources.store import ContentStore

RECIPE = 1
REPOMD = "repodata/repomd.xml"
WANTED = ("primary", "filelists")
SMALL = 8 << 20  # bytes: repomd.xml, a metalink, a key, a signature
LARGEST = 1 << 30  # bytes, compressed
UNPACKED = Bounds(total=6 << 30)
ABANDONED_S = 30 * 86_400
READ = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RpmRepository:
    """Where a repository is: `base`, the folder that has repodata/, or `metalink`. `key`: the address of its key."""

    name: str
    base: str = ""
    metalink: str = ""
    key: str = ""

    @property
    def address(self) -> str:
        """The one that the configuration has."""
        return self.base or self.metalink


class PinnedRepository(Artifact, frozen=True):
    """A repository as it is for one run. `revision`: the SHA-256 of its repomd.xml; `bases`: where packages are."""

    name: str
    revision: str
    bases: tuple[str, ...]


class RepositoryCache:
    """Gives metadata and packages. `note` hears when the cache stands in for a server; `offline`: it always does."""

    def __init__(
        self, root: Path, store: ContentStore, run: Runner, note: Callable[[str], None], *, offline: bool = False
    ) -> None:
        self._root, self._store, self._run, self._note, self._offline = root, store, run, note, offline
        self._sweep()

    def folder(self, pinned: PinnedRepository) -> Path:
        """The folder with the repodata/ of a pinned repository."""
        return metadata_folder(self._root, pinned)

    def pin(self, repository: RpmRepository) -> PinnedRepository:
        """The repository as it is now, its metadata in the cache; as it was last when no server can be reached."""
        seen = self._root / "seen" / fingerprint([RECIPE, repository.base, repository.metalink, repository.key])
        if not self._offline:
            try:
                pinned = self._fetch_current(repository)
            except SourceError as error:
                if not error.temporary or self._last(seen) is None:
                    raise
                self._note(f"{error}; what was fetched of it last is used")
            else:
                save_sealed(pinned, seen)
                return pinned
        found = self._last(seen)
        if found is None:
            raise SourceError(
                f"the metadata of repository {repository.name} is not in the cache, and nothing is fetched offline",
                detail=shown(repository.address),
                hint="run the command once while there is a network",
                temporary=True,
            )
        os.utime(self.folder(found))
        return found

    def key(self, repository: RpmRepository) -> bytes:
        """The armoured key of a repository, as it was when it was fetched first; empty when it has none."""
        if not repository.key:
            return b""
        path = self._key_path(repository)
        if path.is_file():
            return path.read_bytes()
        if self._offline:
            raise SourceError(
                f"the key of repository {repository.name} is not in the cache, and nothing is fetched offline",
                hint="run the command once while there is a network",
                temporary=True,
            )
        public = self._store.fetcher.get(repository.key, limit=SMALL)
        if b"BEGIN PGP PUBLIC KEY BLOCK" not in public:
            raise TrustError(f"{shown(repository.key)} is no public key", hint="correct `gpg-key` of the repository")
        write_atomic(path, public)
        return public

    def key_hint(self, repository: RpmRepository) -> str:
        """What to do when a repository has a new key."""
        return f"if the repository has changed its key, and you know why, remove {self._key_path(repository)}"

    def package(self, pinned: PinnedRepository, rpm: RpmFile) -> Path:
        """The file of a package whose path is in the folder of its repository; size and digest are right."""
        found = self._store.find(rpm.sha256, rpm.size)
        if found is not None:
            return found
        location = rpm.path.relative_to(self.folder(pinned)).as_posix()
        if self._offline:
            raise SourceError(
                f"{rpm.file_name} of repository {pinned.name} is not in the cache, and nothing is fetched offline",
                hint="run the command once while there is a network",
                temporary=True,
            )
        return self._store.fetch(_addresses(pinned.bases, location), size=rpm.size, sha256=rpm.sha256)

    def _key_path(self, repository: RpmRepository) -> Path:
        return self._root / "key" / fingerprint([RECIPE, repository.key])

    def _last(self, seen: Path) -> PinnedRepository | None:
        found = find_sealed(PinnedRepository, seen)
        return found if found is not None and self._is_whole(found) else None

    def _is_whole(self, pinned: PinnedRepository) -> bool:
        folder = self.folder(pinned)
        repomd = folder / REPOMD
        if not repomd.is_file() or sha256_file(repomd) != pinned.revision:
            return False
        paths = {folder / location: sha256 for location, _, sha256 in _parts(repomd, pinned.name)}
        return all(path.is_file() and sha256_file(path) == sha256 for path, sha256 in paths.items())

    def _fetch_current(self, repository: RpmRepository) -> PinnedRepository:
        """Fetches it; twice if need be: a repository may be replaced by a newer one just now."""
        try:
            return self._fetch_once(repository)
        except (TrustError, AbsentError):
            return self._fetch_once(repository)

    def _fetch_once(self, repository: RpmRepository) -> PinnedRepository:
        link = self._metalink(repository)
        bases, repomd = self._repomd(repository, link)
        self._check_signature(repository, bases[0], repomd)
        pinned = PinnedRepository(name=repository.name, revision=sha256_bytes(repomd), bases=bases)
        if not self._is_whole(pinned):
            self._adopt(pinned, repomd)
        os.utime(self.folder(pinned))  # when it was used last
        return pinned

    def _metalink(self, repository: RpmRepository) -> Metalink:
        if not repository.metalink:
            return Metalink(bases=(repository.base.rstrip("/"),))
        text = self._store.fetcher.get(repository.metalink, limit=SMALL)
        return read_metalink(text, repository.metalink)

    def _repomd(self, repository: RpmRepository, link: Metalink) -> tuple[tuple[str, ...], bytes]:
        """repomd.xml of the first mirror that has the right one, and all mirrors, that one first."""
        failure: SourceError | TrustError | None = None
        for base in link.bases:
            try:
                repomd = self._store.fetcher.get(f"{base}/{REPOMD}", limit=SMALL)
            except SourceError as error:
                failure = failure or error
                continue
            if link.vouches_for(repomd):
                return (base, *(other for other in link.bases if other != base)), repomd
            failure = failure or TrustError(
                f"repomd.xml of repository {repository.name} is not the one that its metalink has the digest of",
                detail=shown(base),
                hint="nothing was kept; the mirror is not up to date, or someone changes files on the way",
            )
        if failure is None:
            raise SourceError(
                f"the metalink of repository {repository.name} names no mirror that may be used",
                detail=shown(repository.metalink),
                hint="mirrors must be http or https, and https when the metalink is",
            )
        raise failure

    def _check_signature(self, repository: RpmRepository, base: str, repomd: bytes) -> None:
        """Checks repomd.xml.asc where there is one; the packages are signed besides."""
        public = self.key(repository)
        if not public:
            return
        try:
            signature = self._store.fetcher.get(f"{base}/{REPOMD}.asc", limit=SMALL)
        except SourceError as error:
            if error.temporary:
                raise
            return  # object stores answer 403 for what they do not have
        self._root.mkdir(parents=True, exist_ok=True)
        try:
            verify_file(repomd, signature, public, self._root, self._run)
        except TrustError as error:
            raise TrustError(
                f"repomd.xml of repository {repository.name} is not signed by its key",
                detail=error.problems[0].detail,
                hint=self.key_hint(repository),
            ) from error

    def _adopt(self, pinned: PinnedRepository, repomd: bytes) -> None:
        with replacing_dir(self.folder(pinned)) as folder:
            (folder / "repodata").mkdir()
            (folder / REPOMD).write_bytes(repomd)
            for location, size, sha256 in _parts(folder / REPOMD, pinned.name):
                urls = _addresses(pinned.bases, location)
                path = folder / location
                self._download(urls, path, size, sha256)
                with decompressed(path, UNPACKED) as stream:  # libsolv would take any amount
                    while stream.read(READ):
                        pass

    def _download(self, urls: Sequence[str], to: Path, size: int, sha256: str) -> None:
        for number, url in enumerate(urls, start=1):
            try:
                self._store.fetcher.download(url, to, size=size, sha256=sha256)
            except (SourceError, TrustError):
                if number == len(urls):
                    raise
            else:
                return

    def _sweep(self) -> None:
        """Removes metadata that was not used for a month, and what killed runs left."""
        folder = self._root / "metadata"
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.lstat().st_mtime < clock.now() - ABANDONED_S:
                remove_tree(path)


def metadata_folder(root: Path, pinned: PinnedRepository) -> Path:
    """Where the cache at `root` has the repodata/ of a pinned repository."""
    return root / "metadata" / pinned.revision


def _addresses(bases: Sequence[str], location: str) -> list[str]:
    return [f"{base}/{quote(location)}" for base in bases]


def _parts(repomd: Path, name: str) -> list[tuple[str, int, str]]:
    """Location, size (bytes) and SHA-256 of the metadata that is wanted of a repository."""
    import createrepo_c

    try:
        records: dict[str, Any] = {record.type: record for record in createrepo_c.Repomd(str(repomd)).records}
    except Exception as error:  # the binding raises its own class and OSError
        raise SourceError(f"repomd.xml of repository {name} cannot be read: {error}") from error
    parts = []
    for kind in WANTED:
        record = records.get(kind)
        if record is None:
            raise SourceError(f"repository {name} has no {kind} metadata", hint="make its metadata anew")
        location = str(record.location_href or "")
        path = PurePosixPath(location)
        if path.parts[:1] != ("repodata",) or ".." in path.parts or len(path.parts) < 2:
            raise TrustError(f"repomd.xml of repository {name} names a file outside of repodata: {location!r}")
        if record.checksum_type != "sha256" or not record.checksum:
            raise TrustError(
                f"repomd.xml of repository {name} has no SHA-256 of {location}",
                hint="make the repository's metadata with sha256",
            )
        if not 0 < int(record.size) <= LARGEST:
            raise TrustError(f"repomd.xml of repository {name} says that {location} has {record.size} bytes")
        parts.append((location, int(record.size), str(record.checksum)))
    return parts
