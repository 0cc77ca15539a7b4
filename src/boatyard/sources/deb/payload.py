"""The payload of a repackaged component: one uncompressed tar of all its files, equal bytes for equal files."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.sources.deb.archive import Entry, Kind
from boatyard.sources.deb.rules import payload_mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from boatyard.sources.deb.rules import PackagedFile


def merge_files(packages: Mapping[str, Iterable[PackagedFile]]) -> tuple[Entry, ...]:
    """The entries of all subpackages in one tree, sorted; SourceError when two say different things of one path.

    A file below what is no folder is refused, so that unpacking never writes through a link.
    """
    merged: dict[str, Entry] = {}
    for name, files in packages.items():
        for file in files:
            entry = file.entry
            if file.ghost:
                continue
            other = merged.setdefault(entry.path, entry)
            if (other.kind, other.data, other.target) != (entry.kind, entry.data, entry.target):
                raise SourceError(f"{name}: {entry.path} differs from that of another subpackage")
    for path in merged:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in merged and merged[parent].kind is not Kind.DIRECTORY:
                raise SourceError(f"{path} is below {parent}, which is no folder")
            parent = parent.rpartition("/")[0]
    return tuple(merged[path] for path in sorted(merged))


def write_payload(entries: Iterable[Entry], path: Path) -> None:
    """Writes the tar: names relative to the root, all root's, modes without special rights, dates as in the .debs."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            member = tarfile.TarInfo("." + entry.path)
            member.uname = member.gname = "root"
            member.mtime = entry.mtime
            member.mode = payload_mode(entry)
            if entry.kind is Kind.FILE:
                member.size = len(entry.data)
                tar.addfile(member, io.BytesIO(entry.data))
            else:
                member.type = tarfile.DIRTYPE if entry.kind is Kind.DIRECTORY else tarfile.SYMTYPE
                member.linkname = entry.target
                tar.addfile(member)
