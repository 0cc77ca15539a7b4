"""A signed repository on disk, immutable once written."""

from pathlib import Path

from boatyard.artifact.codec import Artifact


class RepoSnapshot(Artifact, frozen=True):
    """`dir` holds the packages and `repodata/` with repomd.xml and repomd.xml.asc; `key_file` the public key.

    `revision` is the SHA-256 of repomd.xml, which names every file of the metadata by digest.
    """

    channel: str
    dir: Path
    key_file: Path
    revision: str
    packages: int
    size: int
