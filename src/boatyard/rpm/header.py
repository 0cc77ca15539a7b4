"""What an RPM file says of itself, read by the library that createrepo_c is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_file
from boatyard.base.error import BuildError
from boatyard.base.nevra import Evr

if TYPE_CHECKING:
    from pathlib import Path


def read_rpm(path: Path) -> RpmFile:
    """Name, evr, arch, size and digest of an RPM file; BuildError when it is none."""
    import createrepo_c

    try:
        package = createrepo_c.package_from_rpm(str(path))
    except Exception as error:  # the binding raises its own class and SystemError
        raise BuildError(f"{path} is not an RPM: {error}") from error
    return RpmFile(
        path=path,
        name=package.name,
        evr=Evr(package.version, package.release, int(package.epoch or 0)),
        arch="src" if package.rpm_sourcerpm in (None, "") else package.arch,
        size=path.stat().st_size,
        sha256=sha256_file(path),
    )
