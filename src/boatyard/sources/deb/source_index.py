"""The source packages of Debian suites and their files, from `Sources` lists that the archive has signed.

index = read_source_index(("trixie",), ("main",), mirror, trust, store, run)
index.find("less", "less_668.orig.tar.gz").sha256
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import NotFoundError, TrustError, did_you_mean
from boatyard.sources.deb.archive import parse_stanza
from boatyard.sources.deb.index import MAX_DEB, NAME, field_of
from boatyard.sources.deb.lists import read_lists
from boatyard.sources.deb.version import split_version, version_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.ports.run import Runner
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.deb.release import Trust
    from boatyard.sources.store import ContentStore

FILE_NAME = re.compile(r"[a-z0-9][A-Za-z0-9+.~_-]{1,200}")
SOURCE_PATH = re.compile(r"pool/(?:[A-Za-z0-9][A-Za-z0-9+.~_-]*/)+[a-z0-9][A-Za-z0-9+.~_-]*")
CHECKSUMS = "Checksums-Sha256"


@dataclass(frozen=True, slots=True)
class DebSourceFile:
    """A file of a source package, as the archive lists it. `path` under the archive's address, `size` in bytes."""

    package: str
    version: str
    name: str
    suite: str
    path: str
    size: int
    sha256: str


class SourceIndex:
    """The source packages of several suites. Build it with `read_source_index`, or `add` text that is verified."""

    def __init__(self) -> None:
        self._suites: dict[str, None] = {}
        self._by_name: dict[str, list[tuple[bytes, str]]] = {}

    def add(self, sources: bytes, suite: str) -> None:
        """Adds the stanzas of an unpacked Sources file (deb822, one stanza for each version of a package)."""
        self._suites[suite] = None
        for stanza in sources.split(b"\n\n"):
            name = field_of(stanza, b"Package").decode("utf-8", "replace")
            if name:
                self._by_name.setdefault(name, []).append((stanza, suite))

    def files_of(self, package: str) -> tuple[DebSourceFile, ...]:
        """All files of all versions of a source package, the newest version first; NotFoundError if there is none."""
        stanzas = self._by_name.get(package)
        if not stanzas:
            known = (name for name in self._by_name if name[:1] == package[:1])
            raise NotFoundError(
                f"the suites {', '.join(self._suites)} have no source package {package}",
                hint=did_you_mean(package, known),
            )
        versions = [_files(stanza, suite) for stanza, suite in stanzas]
        versions.sort(key=lambda files: version_key(files[0].version), reverse=True)
        return tuple(file for files in versions for file in files)

    def find(self, package: str, name: str) -> DebSourceFile:
        """The file of that name, of the newest version that has it; NotFoundError saying which files there are."""
        files = self.files_of(package)
        found = next((file for file in files if file.name == name), None)
        if found is None:
            there = [file.name for file in files if not file.name.endswith((".dsc", ".asc"))]
            raise NotFoundError(
                f"the source package {package} has no file {name}; it has {', '.join(dict.fromkeys(there))}",
                hint="upstream may have moved on: correct `filename`, and the version in the spec",
            )
        return found


def read_source_index(
    suites: Sequence[str],
    components: Sequence[str],
    mirror: Mirror,
    trust: Trust,
    store: ContentStore,
    run: Runner,
) -> SourceIndex:
    """The source packages of suites; TrustError for what does not verify, SourceError for what cannot be had."""
    index = SourceIndex()
    names = [f"{component}/source/Sources" for component in components]
    for one in read_lists(suites, names, mirror, trust, store, run):
        for sources in one.lists:
            index.add(sources, one.suite)
    return index


def _files(stanza: bytes, suite: str) -> list[DebSourceFile]:
    """The files of a stanza, every field that is used checked; TrustError for what cannot be used."""
    try:
        fields = parse_stanza(stanza.decode("utf-8"))
        package, version, folder = fields["Package"], fields["Version"], fields["Directory"]
        split_version(version)
        if not NAME.fullmatch(package):
            raise ValueError("not a package name")
        files = []
        for line in fields[CHECKSUMS].split("\n"):
            if line.strip():
                sha256, size, name = line.split()
                path = f"{folder}/{name}"
                if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not 0 < int(size) <= MAX_DEB:
                    raise ValueError("no size or SHA256 that can be used")
                if not FILE_NAME.fullmatch(name) or not SOURCE_PATH.fullmatch(path):
                    raise ValueError("no file name in the pool")
                files.append(DebSourceFile(package, version, name, suite, path, int(size), sha256))
        if not files:
            raise ValueError("it has no files")
    except (ValueError, KeyError) as error:
        text = stanza[:200].decode("utf-8", "replace")
        raise TrustError(f"a source package of the suite {suite} cannot be read: {error}", detail=text) from error
    return files
