"""The .deb files that locks name, from the store or the mirror, each checked against its lock.

    debs = fetch_debs(locks, mirror, store, reporter, lambda: read_index(…))
    debs["bash"]["bash"]          # Path of the verified .deb: by component, then by package

Stopped at any moment and called again, it goes on with what is missing. The index is read only to say what the mirror
has instead, when it no longer has a locked package.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.graph.local import run_all
from boatyard.ports.http import AbsentError
from boatyard.ports.route import shown
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boatyard.ports.progress import Reporter
    from boatyard.sources.deb.index import DebIndex
    from boatyard.sources.deb.lock import DebLock, LockedDeb
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.store import ContentStore

CONNECTIONS = 8


def fetch_debs(
    locks: Sequence[DebLock],
    mirror: Mirror,
    store: ContentStore,
    reporter: Reporter,
    read_index: Callable[[], DebIndex],
) -> dict[str, dict[str, Path]]:
    """The files of all locks, by component and package name, with eight connections at once.

    SourceError naming every component that the mirror no longer has; SourceError or TrustError of the first download
    that fails otherwise. What was downloaded stays in the store.
    """
    wanted = [(lock, deb) for lock in locks for deb in lock.debs]
    total, done, lock_done = sum(deb.size for _, deb in wanted), [0, 0], threading.Lock()

    def fetch(item: tuple[DebLock, LockedDeb]) -> Path | None:
        _, deb = item
        urls = [f"{base}/{deb.path}" for base in mirror.bases(deb.suite)]
        try:
            path = store.fetch(urls, size=deb.size, sha256=deb.sha256)
        except AbsentError:
            return None
        with lock_done:
            done[0] += 1
            done[1] += deb.size
            text = f"{format_size(done[1])} of {format_size(total)}"
            reporter.progress(done[0], len(wanted), text)
        return path

    files = run_all(fetch, wanted, workers=CONNECTIONS)
    gone = [item for item, path in zip(wanted, files, strict=True) if path is None]
    if gone:
        raise _gone(gone, mirror, read_index)
    debs: dict[str, dict[str, Path]] = {lock.component: {} for lock in locks}
    for (lock, deb), path in zip(wanted, files, strict=True):
        if path is not None:
            debs[lock.component][deb.package] = path
    return debs


def _gone(gone: Sequence[tuple[DebLock, LockedDeb]], mirror: Mirror, read_index: Callable[[], DebIndex]) -> SourceError:
    index = read_index()
    lines = []
    for lock, deb in gone:
        now = index.find(deb.package)
        has = f"the mirror has {now.version} now" if now is not None else "the mirror has no such package now"
        lines.append(f"component {lock.component}: {deb.package} {deb.version} has left the mirror; {has}")
    names = " ".join(sorted({lock.component for lock, _ in gone}))
    return SourceError(
        f"{len(gone)} locked packages are no longer on the mirror" if len(gone) > 1 else lines[0],
        detail="\n".join(lines if len(gone) > 1 else [shown(f"{mirror.bases(gone[0][1].suite)[0]}/{gone[0][1].path}")]),
        hint=f"lock what the mirror has now: `boatyard component update {names}`",
    )
