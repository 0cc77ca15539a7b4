"""What an RPM file says of itself, read by the library that createrepo_c is made of, and whether it is all there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_file
from boatyard.base.error import BuildError, SourceError
from boatyard.base.nevra import Evr
from boatyard.ports.compression import unpacked_size

if TYPE_CHECKING:
    from pathlib import Path


def is_whole(path: Path) -> bool:
    """Whether the payload of an RPM that was just built unpacks to the size that its header states.

    rpmbuild 4.18 does not see that the disk was full when the end of a compressed payload was written: it succeeds, and
    the digests it writes are those of the truncated payload.
    """
    import createrepo_c

    package = createrepo_c.package_from_rpm(str(path))
    try:
        size = unpacked_size(path, package.rpm_header_end)
    except SourceError:
        return False
    return size is None or size == package.size_archive


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
