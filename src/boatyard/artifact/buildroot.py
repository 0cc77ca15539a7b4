"""The root file system that a build runs in, and what a source package asks of it."""

from pathlib import Path

from boatyard.artifact.build_result import RpmFile
from boatyard.artifact.codec import Artifact


class Root(Artifact, frozen=True):
    """A buildroot. `content` digests what is in it; `size` in bytes. `packages` are sorted by name."""

    dir: Path
    key: str
    packages: tuple[RpmFile, ...]
    content: str
    size: int


class Srpm(Artifact, frozen=True):
    """A source package; what it requires to be built, sorted; `dynamic`: its build may add to that."""

    rpm: RpmFile
    requires: tuple[str, ...]
    dynamic: bool
