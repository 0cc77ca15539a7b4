"""A component's sources, ready for rpmbuild."""

from pathlib import Path

from boatyard.artifact.codec import Artifact

DEFAULT_EPOCH = 1767225600  # 2026-01-01T00:00:00Z, for sources that carry no date


class SourceTree(Artifact, frozen=True):
    """A folder with one spec and every file its Source and Patch tags name.

    `key` identifies all inputs that made the tree (lock, rules, generator version); equal keys give equal trees.
    `epoch`: the date of the sources in seconds, SOURCE_DATE_EPOCH of the build.
    """

    component: str
    dir: Path
    spec: str
    key: str
    epoch: int = DEFAULT_EPOCH

    @property
    def spec_path(self) -> Path:
        return self.dir / self.spec
