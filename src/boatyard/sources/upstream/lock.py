"""Locks of upstream and local components, in azldev's format (version 1), and the SHA-512 of archives that have none.

    # Managed by boatyard component update. Do not edit manually.
    version = 1
    import-commit = '…'              the first upstream commit it was locked to; never changes
    upstream-commit = '…'            both of upstream components only
    manual-bump = 1                  left out when 0
    input-fingerprint = 'boatyard-1:…'
    resolution-input-hash = 'sha256:…'

azldev's own fingerprint (`sha256:…`) is a hash over the layout of its Go structures and cannot be computed here; it is
kept as it is until something that Boatyard can see changes. `<component>.digests` has one line for each archive whose
upstream `sources` file gives its MD5 only.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from typing import TYPE_CHECKING, Annotated

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.model.struct import Table
from boatyard.ports.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
MAX_SIZE = 1 << 20
OWN = "boatyard-1:"
HEAD = "# Managed by boatyard component update. Do not edit manually."
_CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_PIN = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{128})  ?(.+)")

Commit = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-fA-F]{7,40})?\Z")]
Token = Annotated[str, msgspec.Meta(pattern=r"^[!-&(-~]*\Z", max_length=300)]  # printable, and no quote to leave
Bump = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class Lock(Table, frozen=True, kw_only=True):
    """One lock. Commits in hex; both fingerprints are opaque words."""

    version: int = VERSION
    import_commit: Commit = ""
    upstream_commit: Commit = ""
    manual_bump: Bump = 0
    input_fingerprint: Token = ""
    resolution_input_hash: Token = ""

    @property
    def foreign(self) -> bool:
        """Whether azldev wrote the fingerprint, so that nothing can be compared with it."""
        return bool(self.input_fingerprint) and not self.input_fingerprint.startswith(OWN)


def lock_path(folder: Path, component: str) -> Path:
    """Where the lock of a component is."""
    return folder / f"{component}.lock"


def load_lock(folder: Path, component: str) -> Lock | None:
    """The lock of a component, None when there is none.

    ConfigError for one that is damaged, of another version or with the marks of a merge conflict.
    """
    path = lock_path(folder, component)
    data = _read(path)
    return None if data is None else parse_lock(data, component, Where(path))


def parse_lock(data: bytes, component: str, where: Where) -> Lock:
    """The lock that a file holds; ConfigError as for `load_lock`."""
    cure = f"write it anew: remove it and run `boatyard component update {component}`"
    if _CONFLICT.search(data):
        raise ConfigError(f"the lock of {component} holds a merge conflict", where=where, hint=cure)
    try:
        lock = msgspec.toml.decode(data, type=decodable(Lock))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the lock of {component} is damaged: {error}", where=where, hint=cure) from error
    if lock.version != VERSION:
        what = f"the lock file is of version {lock.version}, and this Boatyard knows {VERSION}"
        raise ConfigError(what, where=where, hint=cure)
    return lock


def tell_changes(before: Lock | None, after: Lock) -> tuple[str, ...]:
    """What differs between two locks, in words for people; nothing when they are equal."""
    old = before or Lock()
    words = []
    if old.upstream_commit != after.upstream_commit:
        start = f"{old.upstream_commit[:12]} → " if old.upstream_commit else "locked to "
        words.append(f"{start}{after.upstream_commit[:12] or 'the local spec'}")
    if old.manual_bump != after.manual_bump:
        words.append(f"manual bump {old.manual_bump} → {after.manual_bump}")
    if not words and old.input_fingerprint != after.input_fingerprint:
        words.append("its configuration or its files changed" if before else "locked")
    if not words and before != after:
        words.append("what chooses the commit changed; the commit is the same")
    return tuple(words)


def save_lock(lock: Lock, folder: Path, component: str) -> None:
    """Writes a lock in one step; equal locks are equal bytes."""
    lines = [HEAD, f"version = {lock.version}"]
    for name, value in msgspec.to_builtins(lock).items():
        if name != "version" and value:
            lines.append(f"{name} = {value}" if isinstance(value, int) else f"{name} = '{value}'")
    write_atomic(lock_path(folder, component), "\n".join(lines) + "\n")


def load_pins(folder: Path, component: str) -> dict[str, str]:
    """MD5 → SHA-512 of the archives that have no better digest; ConfigError for a damaged file."""
    path = folder / f"{component}.digests"
    data = _read(path)
    lines = [] if data is None else data.decode("utf-8", "replace").splitlines()
    pins = {}
    for number, line in enumerate(lines, 1):
        match = _PIN.fullmatch(line)
        if match:
            pins[match[1]] = match[2]
        elif line.strip() and not line.startswith("#"):
            raise ConfigError(
                f"the digests of {component} are damaged",
                where=Where(path, number),
                hint=f"take the file from the project's history, or `boatyard component update {component}` without it",
            )
    return pins


def save_pins(pins: Mapping[str, tuple[str, str]], folder: Path, component: str) -> None:
    """Writes (SHA-512, file name) by MD5; no file when there is nothing to write."""
    path = folder / f"{component}.digests"
    if not pins:
        path.unlink(missing_ok=True)
        return
    lines = [HEAD, "# MD5 of the upstream `sources` file, SHA-512 of what it named when it was locked, file name"]
    lines += sorted(f"{md5} {sha512}  {name}" for md5, (sha512, name) in pins.items())
    write_atomic(path, "\n".join(lines) + "\n")


def resolution_hash(  # the order is that of the format
    *,
    snapshot: str = "",
    distro_name: str = "",
    distro_version: str = "",
    dist_git_branch: str = "",
    dist_git_base_uri: str = "",
    upstream_commit_pin: str = "",
    upstream_name: str = "",
) -> str:
    """azldev's `resolution-input-hash`: what decides which upstream commit is meant, all as written in the project."""
    digest = hashlib.sha256()
    fields = {
        "snapshot": snapshot, "distro_name": distro_name, "distro_version": distro_version,
        "dist_git_branch": dist_git_branch, "dist_git_base_uri": dist_git_base_uri,
        "upstream_commit_pin": upstream_commit_pin, "upstream_name": upstream_name,
    }  # fmt: skip
    for label, value in fields.items():
        data = value.encode()
        digest.update(b"%d:%s=%d:%s\n" % (len(label), label.encode(), len(data), data))
    return f"sha256:{digest.hexdigest()}"


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.ELOOP, errno.ENOTDIR):
            raise
        raise ConfigError(
            f"{path} cannot be read: {os.strerror(error.errno)}", where=Where(path), hint="it must be a plain file"
        ) from error
    if len(data) > MAX_SIZE:
        raise ConfigError(f"{path} is longer than {MAX_SIZE} bytes, and no lock is", where=Where(path))
    return data
