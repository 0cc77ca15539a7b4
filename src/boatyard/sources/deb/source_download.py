"""Files of Debian source packages that locks name, from the store or the mirror, each checked against its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.graph.local import run_all
from boatyard.ports.http import AbsentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.deb.source_lock import LockedFile
    from boatyard.sources.store import ContentStore

CONNECTIONS = 8


def fetch_source_files(
    locks: Mapping[str, Sequence[LockedFile]], mirror: Mirror, store: ContentStore
) -> dict[str, dict[str, Path]]:
    """The files of all locks, by component and file name, with eight connections at once.

    SourceError naming every file that the mirror no longer has; SourceError or TrustError of the first download that
    fails otherwise. What was downloaded stays in the store.
    """
    wanted = [(component, file) for component, files in locks.items() for file in files]

    def fetch(item: tuple[str, LockedFile]) -> Path | None:
        _, file = item
        urls = [f"{base}/{file.path}" for base in mirror.bases(file.suite)]
        try:
            return store.fetch(urls, size=file.size, sha256=file.sha256)
        except AbsentError:
            return None

    paths = run_all(fetch, wanted, workers=CONNECTIONS)
    gone = [item for item, path in zip(wanted, paths, strict=True) if path is None]
    if gone:
        lines = [f"component {name}: {file.name} of {file.package} {file.version}" for name, file in gone]
        raise SourceError(
            f"{len(gone)} locked source files are no longer on the mirror",
            detail="\n".join(lines),
            hint="lock what the mirror has now: `boatyard component update "
            + " ".join(sorted({name for name, _ in gone}))
            + "`",
        )
    found: dict[str, dict[str, Path]] = {component: {} for component in locks}
    for (component, file), path in zip(wanted, paths, strict=True):
        if path is not None:
            found[component][file.name] = path
    return found
