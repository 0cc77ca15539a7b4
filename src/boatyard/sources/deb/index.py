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

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, TrustError, did_you_mean
from boatyard.sources.deb.lists import read_lists
from boatyard.sources.deb.version import split_version, version_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.config.model.seed import Seed
    from boatyard.ports.run import Runner
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.deb.release import Release, Trust
    from boatyard.sources.store import ContentStore
    from boatyard_boot.arch import Arch

MAX_DEB = 4 << 30
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
            name = field_of(stanza, b"Package")
            if name:
                entry = (stanza, suite)
                source = field_of(stanza, b"Source").partition(b" ")[0]
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
    names = [f"{component}/binary-{wanted.arch.deb}/Packages" for component in wanted.components]
    index = DebIndex()
    for one in read_lists(wanted.suites, names, mirror, trust, store, run):
        index.suites[one.suite] = one.release
        for packages in one.lists:
            index.add(packages, one.suite)
    return index


def field_of(stanza: bytes, name: bytes) -> bytes:
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
        words = {key: field_of(stanza, key.encode()).decode("utf-8") for key in ("Package", "Version", "Architecture")}
        name, version = words["Package"], words["Version"]
        source, _, rest = field_of(stanza, b"Source").decode("utf-8").partition(" ")
        source, source_version = source or name, rest.strip("()") or version
        path, sha256 = field_of(stanza, b"Filename").decode(), field_of(stanza, b"SHA256").decode()
        depends = [field_of(stanza, key).decode("utf-8") for key in (b"Pre-Depends", b"Depends")]
        size = int(field_of(stanza, b"Size"))
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
