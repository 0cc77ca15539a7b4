"""The packages of Debian suites, from lists signed by the archive: newest version first, by name and by source.

    store = ContentStore(cache / "download", Fetcher())
    trust = Trust(Path(seed.keyring), now=clock.now())
    index = read_index(Wanted.of(seed, Arch.X86_64), mirror, trust, store, HostRunner())
    index.package("bash").version
    index.binaries_of("bash")

A suite has about 70,000 stanzas. They are split and keyed at once (a quarter of a second) and read in full only when
asked for; the compressed lists are kept in the download store under their digests.
"""

from __future__ import annotations

import lzma
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, SourceError, TrustError, did_you_mean
from boatyard.graph.local import run_all
from boatyard.ports.http import AbsentError
from boatyard.sources.deb.release import MAX_SIZE, ListedFile, Release, Trust, read_release
from boatyard.sources.deb.version import split_version, version_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boatyard.config.model.seed import Seed
    from boatyard.ports.http import Fetcher
    from boatyard.ports.run import Runner
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.store import ContentStore
    from boatyard_boot.arch import Arch

MAX_PACKED = 128 << 20
MAX_UNPACKED = 1 << 30
MAX_DEB = 4 << 30
UNPACK_MEMORY = 256 << 20
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,127}")
POOL_PATH = re.compile(r"pool/(?:[A-Za-z0-9][A-Za-z0-9+.~_-]*/)+[A-Za-z0-9][A-Za-z0-9+.~:%_-]*\.deb")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lists to read. An earlier suite wins where versions are equal."""

    suites: tuple[str, ...]
    components: tuple[str, ...]
    arch: Arch

    @classmethod
    def of(cls, seed: Seed, arch: Arch) -> Wanted:
        """The lists of a seed for an architecture."""
        return cls(seed.suites, seed.components, arch)


@dataclass(frozen=True, slots=True)
class DebPackage:
    """A binary package of a suite. `path` under the archive's address, `size` in bytes.

    `depends` holds Pre-Depends and Depends as written in the list, joined with a comma.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    depends: str
    suite: str
    path: str
    size: int
    sha256: str


class DebIndex:
    """The packages of several suites. Build it with `read_index`, or with `add` from text that is verified."""

    def __init__(self) -> None:
        self.suites: dict[str, Release] = {}
        self._by_name: dict[bytes, list[tuple[bytes, str]]] = {}
        self._by_source: dict[bytes, list[tuple[bytes, str]]] = {}

    def add(self, packages: bytes, suite: str) -> None:
        """Adds the stanzas of an unpacked Packages file (deb822, one stanza for each package)."""
        for stanza in packages.split(b"\n\n"):
            name = _field(stanza, b"Package")
            if name:
                entry = (stanza, suite)
                source = _field(stanza, b"Source").partition(b" ")[0]
                self._by_name.setdefault(name, []).append(entry)
                self._by_source.setdefault(source or name, []).append(entry)

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, name: str) -> DebPackage | None:
        """The newest version of a package, or None."""
        return _newest(_parse(*entry) for entry in self._by_name.get(name.encode(), ()))

    def package(self, name: str) -> DebPackage:
        """The newest version of a package; NotFoundError when there is none."""
        found = self.find(name)
        if found is None:
            known = (key.decode() for key in self._by_name if key[:2] == name.encode()[:2])
            raise NotFoundError(f"{self._where()} have no package {name}", hint=did_you_mean(name, known))
        return found

    def binaries_of(self, source: str) -> tuple[DebPackage, ...]:
        """The packages made from the newest version of a source package, sorted by name; NotFoundError if none.

        They are all of one source version: what an older version made, and the newest does not, is left out.
        """
        packages = [_parse(*entry) for entry in self._by_source.get(source.encode(), ())]
        if not packages:
            known = (key.decode() for key in self._by_source if key[:2] == source.encode()[:2])
            hint = did_you_mean(source, known)
            made = self.find(source)
            if made is not None:
                hint = f"the binary package {source} is made from the source package {made.source}"
            raise NotFoundError(f"{self._where()} have no source package {source}", hint=hint)
        newest = max(version_key(package.source_version) for package in packages)
        current = [package for package in packages if version_key(package.source_version) == newest]
        names = sorted({package.name for package in current})
        chosen = (_newest(package for package in current if package.name == name) for name in names)
        return tuple(package for package in chosen if package is not None)

    def _where(self) -> str:
        return f"the suites {', '.join(self.suites)}"


def dependency_names(depends: str) -> tuple[str, ...]:
    """The package names of a Depends field, alternatives included, without versions and architectures."""
    return tuple(re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)", depends))


def read_index(wanted: Wanted, mirror: Mirror, trust: Trust, store: ContentStore, run: Runner) -> DebIndex:
    """The packages of the suites: InRelease fetched and verified, then every list checked against it.

    TrustError for anything that does not verify, SourceError for what cannot be had.
    """
    trust = replace(trust, allow_expired=trust.allow_expired or mirror.allow_expired)
    index = DebIndex()
    for suite, release, lists in run_all(
        lambda suite: _read_suite(suite, wanted, mirror, trust, store, run), wanted.suites, workers=4
    ):
        index.suites[suite] = release
        for packages in lists:
            index.add(packages, suite)
    return index


def _read_suite(
    suite: str, wanted: Wanted, mirror: Mirror, trust: Trust, store: ContentStore, run: Runner
) -> tuple[str, Release, list[bytes]]:
    bases = [f"{base}/dists/{suite}" for base in mirror.bases(suite)]
    release = read_release(_get(bases, "InRelease", store.fetcher), suite, trust, run)
    lists = []
    for component in wanted.components:
        name = f"{component}/binary-{wanted.arch.deb}/Packages"
        packed, unpacked = release.file(f"{name}.xz"), release.file(name)
        if packed.size > MAX_PACKED or unpacked.size > MAX_UNPACKED:
            raise SourceError(f"the list {packed.path} of the suite {suite} is too large: {packed.size} bytes")
        lists.append(_unpacked(_fetch_list(bases, release, packed, store), unpacked))
    return suite, release, lists


def _get(bases: list[str], path: str, fetcher: Fetcher) -> bytes:
    """The file from the first address that gives it."""
    for base in bases[:-1]:
        try:
            return fetcher.get(f"{base}/{path}", limit=MAX_SIZE)
        except SourceError:
            continue
    return fetcher.get(f"{bases[-1]}/{path}", limit=MAX_SIZE)


def _fetch_list(bases: list[str], release: Release, packed: ListedFile, store: ContentStore) -> Path:
    # Not every mirror that copies a by-hash archive has the by-hash folders.
    for path in (release.path_of(packed), packed.path):
        try:
            return store.fetch([f"{base}/{path}" for base in bases], size=packed.size, sha256=packed.sha256)
        except AbsentError:
            if path == packed.path:
                raise
    raise AssertionError


def _unpacked(file: Path, expected: ListedFile) -> bytes:
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=UNPACK_MEMORY)
    try:
        text = unpacker.decompress(file.read_bytes(), max_length=expected.size + 1)
    except lzma.LZMAError as error:
        raise TrustError(f"the list {expected.path} cannot be unpacked: {error}") from error
    if len(text) != expected.size:
        raise TrustError(f"the list {expected.path} does not unpack to the {expected.size} bytes that are signed")
    return text


def _field(stanza: bytes, name: bytes) -> bytes:
    """A field's value of one line; empty when the stanza has none. Field names are written as the archive does."""
    if stanza.startswith(name + b": "):
        start = len(name) + 2
    else:
        found = stanza.find(b"\n" + name + b": ")
        if found < 0:
            return b""
        start = found + len(name) + 3
    end = stanza.find(b"\n", start)
    return stanza[start:] if end < 0 else stanza[start:end]


def _parse(stanza: bytes, suite: str) -> DebPackage:
    """The package of a stanza, every field that is used checked; TrustError for what cannot be used."""
    try:
        words = {key: _field(stanza, key.encode()).decode("utf-8") for key in ("Package", "Version", "Architecture")}
        name, version = words["Package"], words["Version"]
        source, _, rest = _field(stanza, b"Source").decode("utf-8").partition(" ")
        source, source_version = source or name, rest.strip("()") or version
        path, sha256 = _field(stanza, b"Filename").decode(), _field(stanza, b"SHA256").decode()
        depends = [_field(stanza, key).decode("utf-8") for key in (b"Pre-Depends", b"Depends")]
        size = int(_field(stanza, b"Size"))
        split_version(version)
        split_version(source_version)
        if not (NAME.fullmatch(name) and NAME.fullmatch(source)):
            raise ValueError("not a package name")
        if not POOL_PATH.fullmatch(path) or not re.fullmatch(r"[0-9a-f]{64}", sha256) or not 0 < size <= MAX_DEB:
            raise ValueError("no file name in the pool, size or SHA256 that can be used")
    except ValueError as error:
        text = stanza[:200].decode("utf-8", "replace")
        raise TrustError(f"a package of the suite {suite} cannot be read: {error}", detail=text) from error
    return DebPackage(
        name, version, words["Architecture"], source, source_version,
        ", ".join(filter(None, depends)), suite, path, size, sha256,
    )  # fmt: skip


def _newest(packages: Iterable[DebPackage]) -> DebPackage | None:
    """The first of the newest versions."""
    return max(packages, key=lambda package: version_key(package.version), default=None)
