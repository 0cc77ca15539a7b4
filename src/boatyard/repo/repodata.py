"""Repository metadata (primary, filelists, other, repomd.xml), written by the library of createrepo_c.

The same packages give the same bytes: times come from the packages' build times.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_file
from boatyard.base.error import ToolError
from boatyard.ports.files import is_full

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def write_repodata(folder: Path, packages: Sequence[str]) -> str:
    """Writes `repodata/` for RPMs given as paths relative to `folder`; the SHA-256 of repomd.xml.

    ToolError when a file cannot be written or a package cannot be read.
    """
    import createrepo_c as cr

    try:
        return _write(folder, packages)
    except cr.CreaterepoCError as error:
        full = os.strerror(errno.ENOSPC) in str(error) or is_full(folder)
        raise ToolError(
            "no space left on the disk for the repository's metadata" if full else "the metadata cannot be written",
            detail=str(error),
            hint="free some space and run the same command again" if full else "run the same command again",
        ) from error


def _write(folder: Path, packages: Sequence[str]) -> str:
    import createrepo_c as cr

    repodata = folder / "repodata"
    repodata.mkdir()
    kinds = {
        "primary": cr.PrimaryXmlFile,
        "filelists": cr.FilelistsXmlFile,
        "other": cr.OtherXmlFile,
    }
    # gzip, which every dnf reads; dnf 4.14 was not seen to read zstd metadata.
    files = {kind: repodata / f"{kind}.xml.gz" for kind in kinds}
    writers = {kind: make(str(files[kind]), cr.GZ_COMPRESSION) for kind, make in kinds.items()}
    for writer in writers.values():
        writer.set_num_of_pkgs(len(packages))
    newest = 0
    for name in sorted(packages):
        package = cr.package_from_rpm(str(folder / name), location_href=name)
        package.time_file = package.time_build
        newest = max(newest, package.time_build)
        for writer in writers.values():
            writer.add_pkg(package)
    repomd = cr.Repomd()
    repomd.set_revision(str(newest))
    for kind, writer in writers.items():
        writer.close()
        os.utime(files[kind], (newest, newest))
        record = cr.RepomdRecord(kind, str(files[kind]))
        record.fill(cr.SHA256)
        record.rename_file()
        repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump(), encoding="utf-8")
    return sha256_file(repodata / "repomd.xml")
