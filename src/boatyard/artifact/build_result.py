"""What a build gave."""

from pathlib import Path

from boatyard.artifact.codec import Artifact
from boatyard.base.nevra import Evr


class RpmFile(Artifact, frozen=True):
    """One binary or source RPM on disk. Sizes in bytes; `arch` is rpm's (noarch included)."""

    path: Path
    name: str
    evr: Evr
    arch: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        return self.path.name


class BuildResult(Artifact, frozen=True):
    """The RPMs of one component, and the key of everything that went in."""

    component: str
    key: str
    rpms: tuple[RpmFile, ...]
    seconds: float
