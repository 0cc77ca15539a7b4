"""Unpacks archives that nobody trusts: nothing lands outside the target, and nothing but files, folders and links.

`tarfile` with its `data` filter let an archive of the shape of CVE-2025-4517 write outside (measured on 3.11.7), so
members are read by `ports.tar` and made by `ports.folder`, which never follows a link. A symbolic link may go up only
at its start (`../../a/b`, not `a/../b`), and not above the top: with folders that are real, and every other link
inside by the same rule, it cannot lead outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.ports.compression import Bounds, decompressed
from boatyard.ports.folder import Folder
from boatyard.ports.tar import Data, Member, Readable, read_members

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """`count` members at most, none larger than `file` bytes; `hard_links` says whether they are made or refused."""

    bounds: Bounds = field(default_factory=Bounds)
    count: int = 1_000_000
    file: int = 10 << 30
    hard_links: bool = True


DEFAULT_LIMITS = Limits()


def unpack_archive(archive: Path, target: Path, limits: Limits = DEFAULT_LIMITS) -> int:
    """Unpacks a tar archive, compressed or not, into an existing folder; gives the number of members.

    Modes are kept without setuid, setgid and sticky bits, so that the owner can read files and use folders; owners
    and times are not kept. SourceError, naming the member, for anything refused; what was unpacked so far stays.
    """
    with decompressed(archive, limits.bounds) as stream:
        try:
            return unpack_tar(stream, target, limits)
        except SourceError as error:
            problem = error.problems[0]
            raise SourceError(f"{archive.name}: {problem.what}", detail=problem.detail, hint=problem.hint) from error


def unpack_tar(stream: Readable, target: Path, limits: Limits = DEFAULT_LIMITS) -> int:
    """As `unpack_archive`, from a stream that is already decompressed and bounded."""
    count = 0
    with Folder(target) as folder:
        for member, data in read_members(stream):
            count += 1
            if count > limits.count:
                raise SourceError(f"the archive has more than {limits.count} members")
            if member.size > limits.file:
                raise SourceError(f"{member.name!r} is larger than {limits.file} bytes")
            _make(folder, member, data, limits)
    return count


def _make(folder: Folder, member: Member, data: Data, limits: Limits) -> None:
    path = clean_path(member.name)
    if not path:
        if member.kind == "dir":
            return
        raise SourceError(f"{member.name!r} is not a path inside the archive")
    present = folder.kind(path)
    if present and not (present == member.kind and present in ("dir", "file")):
        raise SourceError(f"{path!r} is in the archive twice: as {present} and as {member.kind}")
    if member.kind == "dir":
        folder.make_dir(path, member.mode & 0o777 | 0o700)
    elif member.kind == "symlink":
        check_link(path, member.link)
        folder.make_link(path, member.link)
    elif member.kind == "hardlink":
        if not limits.hard_links:
            raise SourceError(f"{path!r} is a hard link", hint="only files, folders and symbolic links are kept")
        folder.hard_link(clean_path(member.link), path)
    else:
        open_file = folder.writing if present else folder.creating  # many files: a name of its own costs time
        with open_file(path, member.mode & 0o777 | 0o400) as stream:
            while block := data.read(1 << 16):
                stream.write(block)


def clean_path(name: str) -> str:
    """A member's name without `./` and doubled slashes; "" for the top itself, SourceError when it leads outside."""
    if name.startswith("/"):
        raise SourceError(f"{name!r} is an absolute path", hint="the archive wants to write outside its folder")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise SourceError(f"{name!r} leads outside the archive", hint="the archive wants to write outside its folder")
    return "/".join(parts)


def check_link(path: str, target: str) -> None:
    """SourceError when a symbolic link at `path` could lead outside the folder."""
    if not target or target.startswith("/") or "\0" in target:
        raise SourceError(f"{path!r} is a symbolic link to {target!r}", hint="only relative links are allowed")
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    if up > path.count("/") or ".." in parts[up:]:
        raise SourceError(f"{path!r} is a symbolic link to {target!r}", hint="it may lead outside the archive")
