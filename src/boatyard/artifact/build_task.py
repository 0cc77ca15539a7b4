"""One build as a value that any worker can carry out: everything it needs is named by digest."""

from boatyard.artifact.build_result import BuildInputs, RpmFile
from boatyard.artifact.codec import Artifact


class Limits(Artifact, frozen=True):
    """What a build may use. `silent_s`: how long it may print nothing."""

    memory_mib: int = 8192
    processes: int = 4096
    disk_mib: int = 40_960
    seconds: int = 6 * 3600
    silent_s: int = 3600


class BuildTask(Artifact, frozen=True):
    """`tree`: the digest of the packed source tree; `buildroot`: the packages by digest, to be fetched from the depot.

    `key`: under which what the task gives is recorded. `base`: the digests of those packages that all buildroots have.
    `epoch`: the date of the sources, in seconds. `requires`: what the buildroot was solved for; the result
    tells it.
    """

    component: str
    arch: str
    backend: str
    key: str
    tree: str
    spec: str
    epoch: int
    base: tuple[str, ...] = ()
    buildroot: tuple[RpmFile, ...] = ()
    limits: Limits = Limits()
    inputs: BuildInputs = BuildInputs(definition={})
    requires: tuple[str, ...] = ()


class Requirements(Artifact, frozen=True):
    """What the SRPM of a tree requires to be built, as far as known. `complete`: no build adds to it."""

    component: str
    requires: tuple[str, ...]
    complete: bool
