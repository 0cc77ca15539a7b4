"""Results of builds, kept in the depot by their key. A result appears whole or not at all; it is verified when used."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile
from boatyard.artifact.codec import from_json, to_json
from boatyard.base.error import BuildError, NotFoundError, ToolError
from boatyard.build.depot import object_name
from boatyard.ports import clock
from boatyard.ports.files import temporary_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.build.depot import Depot

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^-]{0,254}")
NO_INPUTS = BuildInputs(definition={})


class BuildStore:
    """Records of builds. Paths of the RPMs found are those of the objects, whose names are digests without `.rpm`."""

    def __init__(self, depot: Depot) -> None:
        self.depot = depot

    def find(self, key: str) -> BuildResult | None:
        """The result of a key, its RPMs on this machine; None when there is none, or not all of it as it was put."""
        data = self.depot.record(key)
        if data is None:
            return None
        try:
            return self._checked(from_json(BuildResult, data), key)
        except (ToolError, NotFoundError, ValueError):
            return None

    @contextmanager
    def working_dir(self) -> Iterator[Path]:
        """A folder for a build to work in, on the same file system."""
        with temporary_dir(self.depot.work) as work:
            yield work

    def add(
        self,
        component: str,
        key: str,
        rpms: tuple[RpmFile, ...],
        log: Path,
        started: float,
        *,
        srpm: RpmFile | None = None,
        inputs: BuildInputs = NO_INPUTS,
        requires: tuple[str, ...] = (),
    ) -> BuildResult:
        """Stores what a build gave; `started` is the monotonic time of its start. When another was first: theirs.

        BuildError for packages that could not be laid out by their names.
        """
        _check_names(component, (*rpms, *([] if srpm is None else [srpm])))
        result = BuildResult(
            component=component,
            key=key,
            rpms=tuple(self._put(rpm) for rpm in rpms),
            seconds=round(clock.monotonic() - started, 2),
            srpm=None if srpm is None else self._put(srpm),
            log=self.depot.put_file(log),
            inputs=inputs,
            requires=requires,
        )
        objects = [result.log, *(rpm.sha256 for rpm in _packages(result))]
        if not self.depot.put_record(key, to_json(result), objects):
            return self.find(key) or self._checked(result, key)
        return self._checked(result, key)

    def _put(self, rpm: RpmFile) -> RpmFile:
        """The package as it is in every depot; ToolError when the file is not the one that was looked at."""
        sha256 = self.depot.put_file(rpm.path)
        if sha256 != rpm.sha256:
            raise ToolError(f"{rpm.path} changed while it was stored", hint="run the same command again")
        return structs.replace(rpm, path=Path(object_name(sha256)))

    def _checked(self, result: BuildResult, key: str) -> BuildResult:
        """The result with the paths of this machine; ValueError for a record that no build has made."""
        names = [result.component, *(rpm.file_name for rpm in _packages(result))]
        if result.key != key or not all(_FILE_NAME.fullmatch(name) for name in names):
            raise ValueError(f"the record of {key} is not that of a build")
        srpm = None if result.srpm is None else self._fetched(result.srpm)
        return structs.replace(result, rpms=tuple(map(self._fetched, result.rpms)), srpm=srpm)

    def _fetched(self, rpm: RpmFile) -> RpmFile:
        path = self.depot.fetch(rpm.sha256)
        if path.stat().st_size != rpm.size:
            raise ValueError(f"{rpm.file_name} has another size than its record says")
        return structs.replace(rpm, path=path)


def _check_names(component: str, packages: Sequence[RpmFile]) -> None:
    names = [rpm.file_name for rpm in packages]
    bad = [name for name in names if not _FILE_NAME.fullmatch(name)]
    if bad:
        raise BuildError(
            f"{component} builds a package with a name that packages do not have: {bad[0][:300]!r}",
            hint="names have letters, digits and . _ + ~ ^ -",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BuildError(f"{component} builds {twice[0]} twice", hint="each package is to be written once")


def _packages(result: BuildResult) -> tuple[RpmFile, ...]:
    return result.rpms if result.srpm is None else (*result.rpms, result.srpm)
