"""Signed repositories on disk, immutable once written."""

from pathlib import Path

from boatyard.artifact.codec import Artifact


class RepoSnapshot(Artifact, frozen=True):
    """One channel: `dir` holds the packages and `repodata/` with repomd.xml and repomd.xml.asc.

    `key_file`: the public key. `revision`: the SHA-256 of repomd.xml, which names all metadata by digest.
    `size`: bytes of all packages.
    """

    channel: str
    dir: Path
    key_file: Path
    revision: str
    packages: int
    size: int


class Compose(Artifact, frozen=True):
    """All channels of a distribution at one moment. `digest`: of everything in `dir` but the record of this value."""

    revision: str
    digest: str
    dir: Path
    key_file: Path
    channels: tuple[RepoSnapshot, ...]
