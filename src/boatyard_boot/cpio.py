"""The archive format of an initrd: cpio "newc" (kernel documentation, early-userspace/buffer-format)."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member, owned by root. `mode` holds the kind; `data` a file's content or a link's target."""

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(name: str, mode: int = 0o755) -> Entry:
    return Entry(name=name, mode=stat.S_IFDIR | mode)


def regular(name: str, data: bytes, mode: int = 0o644) -> Entry:
    return Entry(name=name, mode=stat.S_IFREG | mode, data=data)


def link(name: str, target: str) -> Entry:
    return Entry(name=name, mode=stat.S_IFLNK | 0o777, data=target.encode())


def character_device(name: str, major: int, minor: int, mode: int) -> Entry:
    return Entry(name=name, mode=stat.S_IFCHR | mode, device=(major, minor))


def archive(entries: Iterable[Entry], *, epoch: int) -> bytes:
    """The archive, sorted by name, with the folders that lead to each member; the same entries give the same bytes."""
    members = {entry.name: entry for entry in entries}
    for name in list(members):
        parents = name.split("/")[:-1]
        for depth in range(len(parents)):
            parent = "/".join(parents[: depth + 1])
            members.setdefault(parent, directory(parent))
    chunks = [_member(inode, members[name], epoch) for inode, name in enumerate(sorted(members), 1)]
    # A link count of one and no data ends the archive.
    chunks.append(_member(0, Entry(name="TRAILER!!!", mode=0), 0))
    data = b"".join(chunks)
    return data + bytes(-len(data) % 512)


def _member(inode: int, entry: Entry, epoch: int) -> bytes:
    if len(entry.data) > MAX_FILE:
        raise ValueError(f"{entry.name} is too big for cpio")
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (
        inode, entry.mode, 0, 0, links, epoch, len(entry.data), 0, 0, *entry.device, len(name), 0,
    )  # fmt: skip
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
