"""Results of builds, kept by their key. A result appears whole or not at all and is verified when it is used."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_result import BuildResult, RpmFile
from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.base.digest import sha256_file
from boatyard.ports import clock
from boatyard.ports.files import link_or_copy, replacing_dir, temporary_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULT = "result.json"


class BuildStore:
    """A folder of `<first two of the key>/<key>/` with the RPMs, `result.json` and `build.log`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, key: str) -> BuildResult | None:
        """The result of a key; None when there is none or when one of its files is not what was stored."""
        result = find_sealed(BuildResult, self._path(key) / RESULT)
        if result is None or result.key != key or not all(_is_intact(rpm) for rpm in result.rpms):
            return None
        return result

    @contextmanager
    def working_dir(self) -> Iterator[Path]:
        """A folder for a build to work in, on the same file system."""
        with temporary_dir(self.root) as work:
            yield work

    def add(self, component: str, key: str, rpms: tuple[RpmFile, ...], log: Path, started: float) -> BuildResult:
        """Stores what a build gave; `started` is the monotonic time of its start."""
        target = self._path(key)
        with replacing_dir(target) as folder:
            kept = []
            for rpm in rpms:
                link_or_copy(rpm.path, folder / rpm.file_name)
                kept.append(structs.replace(rpm, path=target / rpm.file_name))
            link_or_copy(log, folder / "build.log")
            result = BuildResult(
                component=component, key=key, rpms=tuple(kept), seconds=round(clock.monotonic() - started, 2)
            )
            save_sealed(result, folder / RESULT)
        return result

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / key


def _is_intact(rpm: RpmFile) -> bool:
    return rpm.path.is_file() and rpm.path.stat().st_size == rpm.size and sha256_file(rpm.path) == rpm.sha256
