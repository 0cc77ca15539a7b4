"""The lists of a suite: each the bytes that the signed InRelease vouches for, or an error.

    for one in read_lists(("trixie",), ["main/binary-amd64/Packages"], mirror, trust, store, run):
        one.suite, one.release, one.lists     # unpacked, in the order of the names

Compressed lists are kept in the download store under their digests.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError, TrustError
from boatyard.graph.local import run_all
from boatyard.ports.http import AbsentError
from boatyard.sources.deb.release import MAX_SIZE, ListedFile, Release, Trust, read_release

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.ports.http import Fetcher
    from boatyard.ports.run import Runner
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.store import ContentStore

MAX_PACKED = 128 << 20
MAX_UNPACKED = 1 << 30
UNPACK_MEMORY = 256 << 20


@dataclass(frozen=True, slots=True)
class SuiteLists:
    """What was read of one suite. `lists`: deb822 text, not parsed."""

    suite: str
    release: Release
    lists: tuple[bytes, ...]


def read_lists(
    suites: Sequence[str], names: Sequence[str], mirror: Mirror, trust: Trust, store: ContentStore, run: Runner
) -> list[SuiteLists]:
    """The lists `names` (paths under `dists/<suite>/`, without `.xz`) of each suite, in the order of the suites.

    TrustError for anything that does not verify, SourceError for what cannot be had.
    """
    trust = replace(trust, allow_expired=trust.allow_expired or mirror.allow_expired)
    return run_all(lambda suite: _read_suite(suite, names, mirror, trust, store, run), suites, workers=4)


def _read_suite(
    suite: str, names: Sequence[str], mirror: Mirror, trust: Trust, store: ContentStore, run: Runner
) -> SuiteLists:
    bases = [f"{base}/dists/{suite}" for base in mirror.bases(suite)]
    release = read_release(_get(bases, "InRelease", store.fetcher), suite, trust, run)
    lists = []
    for name in names:
        packed, unpacked = release.file(f"{name}.xz"), release.file(name)
        if packed.size > MAX_PACKED or unpacked.size > MAX_UNPACKED:
            raise SourceError(f"the list {packed.path} of the suite {suite} is too large: {packed.size} bytes")
        lists.append(_unpacked(_fetch_list(bases, release, packed, store), unpacked))
    return SuiteLists(suite, release, tuple(lists))


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
