"""Overlays inside source archives: unpack, edit, and pack again the same way every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from boatyard.base.digest import sha256_file
from boatyard.base.error import BuildError
from boatyard.ports.compression import compressing, sniff
from boatyard.ports.files import replacing
from boatyard.ports.folder import Folder
from boatyard.ports.tar import END, Member, write_tar
from boatyard.ports.unpack import Limits, unpack_archive

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst")
# Hard links would become copies, so that the packed archive differs from what was unpacked.
LIMITS = Limits(hard_links=False)


@dataclass(frozen=True, slots=True)
class Repacked:
    """An archive whose content overlays changed, with the SHA-256 of the file before and after."""

    name: str
    before: str
    after: str


def unpack_for_edit(archive: Path, target: Path) -> Path:
    """Unpacks an archive into an empty folder; gives the folder that patterns are relative to.

    That is the only folder at the top, as most archives have one, else the target itself.
    """
    if not archive.name.lower().endswith(SUFFIXES):
        raise BuildError(
            f"{archive.name!r} is no archive that overlays can change", hint="known: " + ", ".join(SUFFIXES)
        )
    if not archive.is_file() or archive.is_symlink():
        raise BuildError(f"the archive {archive.name!r} is not in the source tree", hint="is it downloaded?")
    unpack_archive(archive, target, LIMITS)
    top = list(target.iterdir())
    return top[0] if len(top) == 1 and top[0].is_dir() and not top[0].is_symlink() else target


def repack(archive: Path, content: Path) -> Repacked:
    """Replaces an archive by what a folder holds: names sorted, no owners, no times, compressed as it was.

    Equal content gives equal bytes with equal compression libraries; an uncompressed archive has the bytes that azldev
    writes, while gzip, xz and zstd libraries differ from Go's.
    """
    before = sha256_file(archive)
    kind, mode = sniff(archive), archive.stat().st_mode & 0o777
    with replacing(archive) as temporary:
        with temporary.open("wb") as stream:
            pack(content, stream, kind)
        temporary.chmod(mode)
    return Repacked(archive.name, before, sha256_file(archive))


def pack(content: Path, stream: IO[bytes], kind: str) -> None:
    """Writes what a folder holds as a tar archive, compressed by a kind of `ports.compression`; as `repack` does."""
    with compressing(stream, kind) as packed, Folder(content) as folder:
        for path, what in folder.walk():
            permissions = folder.mode(path)
            if what == "dir":
                write_tar(packed, Member(path, "dir", permissions))
            elif what == "link":
                write_tar(packed, Member(path, "symlink", permissions, link=folder.target(path)))
            else:
                with folder.open(path) as data:
                    size = data.seek(0, 2)
                    data.seek(0)
                    write_tar(packed, Member(path, "file", permissions, size), data)
        packed.write(END)
