"""What a build gave, and what it was made from."""

from pathlib import Path

from boatyard.artifact.codec import Artifact
from boatyard.base.nevra import Evr, Nevra


class RpmFile(Artifact, frozen=True):
    """One binary or source RPM on disk, under whatever name. Sizes in bytes; `arch` is rpm's (noarch, src included)."""

    path: Path
    name: str
    evr: Evr
    arch: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The name that rpm gives the file."""
        return self.nevra.file_name

    @property
    def nevra(self) -> Nevra:
        return Nevra(self.name, self.evr, self.arch)


class UsedPackage(Artifact, frozen=True):
    """A package of a buildroot. `component`: whose it is; empty for one from a repository that is not ours.

    `interface`: the digest of what builds can see of it; `payload`: that of all it installs (`rpm.interface`).
    """

    name: str
    evr: Evr
    arch: str
    sha256: str
    interface: str
    payload: str
    component: str = ""


class BuildInputs(Artifact, frozen=True):
    """All that a build depends on. `definition`: a digest or short value for each leaf (spec, sources, macros, …)."""

    definition: dict[str, str]
    environment: tuple[UsedPackage, ...] = ()


class BuildResult(Artifact, frozen=True):
    """The RPMs of one component, and the key of everything that went in. `log`: the digest of the build log.

    `requires`: all that the build asked for, as rpm writes it, what the spec generated included.
    """

    component: str
    key: str
    rpms: tuple[RpmFile, ...]
    seconds: float
    srpm: RpmFile | None = None
    log: str = ""
    inputs: BuildInputs = BuildInputs(definition={})
    requires: tuple[str, ...] = ()
