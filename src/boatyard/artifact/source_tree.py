"""A component's sources, ready for rpmbuild."""

from pathlib import Path

from boatyard.artifact.codec import Artifact


class SourceTree(Artifact):
    """A folder with one spec and every file its Source and Patch tags name.

    `key` identifies all inputs that made the tree (lock, rules, generator version); equal keys give equal trees.
    """

    component: str
    dir: Path
    spec: str
    key: str

    @property
    def spec_path(self) -> Path:
        return self.dir / self.spec
