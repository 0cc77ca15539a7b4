"""Where a run reads and writes: the folders of a project, and those shared by all projects of a user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.config.model.project import Settings

CACHE_VARIABLE = "BOATYARD_CACHE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """`work`: intermediate results, may be removed at any time. `out`: repositories and images. `cache`: shared."""

    work: Path
    out: Path
    log: Path
    locks: Path
    cache: Path

    @classmethod
    def of(cls, settings: Settings, cache: Path) -> Workspace:
        """The folders that a project's settings name."""
        return cls(
            work=settings.work_dir, out=settings.output_dir, log=settings.log_dir, locks=settings.lock_dir, cache=cache
        )

    @classmethod
    def under(cls, folder: Path, cache: Path) -> Workspace:
        """A workspace for a project that cannot be written to, such as the one in the package."""
        base = folder.absolute()
        return cls(work=base / "work", out=base / "out", log=base / "log", locks=base / "locks", cache=cache)

    @property
    def downloads(self) -> Path:
        return self.cache / "download"

    @property
    def dist_git(self) -> Path:
        return self.cache / "git"

    @property
    def builds(self) -> Path:
        return builds_dir(self.cache)

    @property
    def buildroots(self) -> Path:
        return self.cache / "buildroot"

    @property
    def kept(self) -> Path:
        return self.work / "kept"

    @property
    def ledger(self) -> Path:
        return self.work / "built"

    @property
    def signed(self) -> Path:
        return self.cache / "signed"

    @property
    def packages(self) -> Path:
        return self.out / "packages"

    @property
    def repo(self) -> Path:
        return self.out / "repo"

    @property
    def images(self) -> Path:
        return self.out / "images"


def cache_dir(environ: Mapping[str, str]) -> Path:
    """`$BOATYARD_CACHE`, else `$XDG_CACHE_HOME/boatyard`, else `~/.cache/boatyard`."""
    if environ.get(CACHE_VARIABLE):
        return Path(environ[CACHE_VARIABLE]).absolute()
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "boatyard"


def builds_dir(cache: Path) -> Path:
    """Where results of builds are kept."""
    return cache / "build"


def trial_snapshots(cache: Path) -> Path:
    """Where machines of trials are kept."""
    return cache / "trial"
