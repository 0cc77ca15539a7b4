"""The mirror behind the seeds of a project: its package lists are read once, when they are first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.ports import clock
from boatyard.sources.deb.index import Wanted, read_index
from boatyard.sources.deb.release import Trust
from boatyard.sources.deb.source_index import read_source_index
from boatyard.sources.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boatyard.config.model.seed import Seed
    from boatyard.flow.ports import Ports
    from boatyard.sources.deb.index import DebIndex
    from boatyard.sources.deb.mirror import Mirror
    from boatyard.sources.deb.source_index import SourceIndex
    from boatyard_boot.arch import Arch


class SeedMirror:
    """Addresses, verified package lists and the store of downloads; work from caches asks for none of them."""

    def __init__(
        self, seeds: Mapping[str, Seed], find: Callable[[], Mirror], downloads: Path, ports: Ports, arch: Arch
    ) -> None:
        self._seeds, self._find, self._downloads, self._ports, self._arch = seeds, find, downloads, ports, arch
        self._mirror: Mirror | None = None
        self._store: ContentStore | None = None
        self._indexes: dict[str, DebIndex] = {}
        self._source_indexes: dict[str, SourceIndex] = {}

    @property
    def mirror(self) -> Mirror:
        """The mirror's addresses; SourceError when none is known."""
        if self._mirror is None:
            self._mirror = self._find()
        return self._mirror

    @property
    def store(self) -> ContentStore:
        """Downloads by digest."""
        if self._store is None:
            self._store = ContentStore(self._downloads, self._ports.fetch)
        return self._store

    def index(self, name: str) -> DebIndex:
        """All packages of a seed, verified."""
        if name not in self._indexes:
            seed = self._seeds[name]
            trust = Trust(Path(seed.keyring), clock.now())
            with self._ports.reporter.step(f"Read the package lists of {name}"):
                self._indexes[name] = read_index(
                    Wanted.of(seed, self._arch), self.mirror, trust, self.store, self._ports.run
                )
        return self._indexes[name]

    def source_index(self, name: str) -> SourceIndex:
        """All source packages of a seed, verified."""
        if name not in self._source_indexes:
            seed = self._seeds[name]
            trust = Trust(Path(seed.keyring), clock.now())
            with self._ports.reporter.step(f"Read the lists of source packages of {name}"):
                self._source_indexes[name] = read_source_index(
                    seed.suites, seed.components, self.mirror, trust, self.store, self._ports.run
                )
        return self._source_indexes[name]

    def any_index(self) -> DebIndex:
        """The packages of the first seed; what a message says the mirror has now."""
        return self.index(next(iter(self._seeds)))
