"""Locks of seed components: what the mirror has today, written down once and kept until an update is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, did_you_mean
from boatyard.config.model.seed import DebSpec
from boatyard.ports import clock
from boatyard.sources.deb.index import Wanted, read_index
from boatyard.sources.deb.lock import diff_locks, load_lock, plan_lock, save_lock
from boatyard.sources.deb.release import Trust
from boatyard.sources.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from boatyard.base.arch import Arch
    from boatyard.config.model.component import Component
    from boatyard.config.model.seed import Seed
    from boatyard.flow.ports import Ports
    from boatyard.flow.workspace import Workspace
    from boatyard.sources.deb.index import DebIndex
    from boatyard.sources.deb.lock import DebLock
    from boatyard.sources.deb.mirror import Mirror


class SeedMirror:
    """The mirror behind the seeds of a project; its package lists are read once, when they are first asked for."""

    def __init__(
        self,
        seeds: Mapping[str, Seed],
        find_mirror: Callable[[], Mirror],
        workspace: Workspace,
        ports: Ports,
        arch: Arch,
    ) -> None:
        self._seeds, self._ports, self._arch = seeds, ports, arch
        self._find_mirror = find_mirror
        self._mirror: Mirror | None = None
        self._indexes: dict[str, DebIndex] = {}
        self.store = ContentStore(workspace.downloads, ports.fetch)

    @property
    def mirror(self) -> Mirror:
        """The mirror's addresses; looked up when first needed, so that work from caches needs none."""
        if self._mirror is None:
            self._mirror = self._find_mirror()
        return self._mirror

    def seed_of(self, spec: DebSpec, component: str) -> tuple[str, Seed]:
        """The seed a component is taken from; ConfigError when it is not stated and not the only one."""
        name = spec.seed or (next(iter(self._seeds)) if len(self._seeds) == 1 else "")
        if name not in self._seeds:
            raise ConfigError(
                f"component {component} names no known seed" if name else f"component {component} must name its seed",
                hint=did_you_mean(name, self._seeds) or "add [seeds.<name>] to the project",
            )
        return name, self._seeds[name]

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

    def any_index(self) -> DebIndex:
        """The packages of every seed; what a message says the mirror has now."""
        return self.index(next(iter(self._seeds)))


def update_locks(
    components: Sequence[Component], mirror: SeedMirror, folder: Path, arch: Arch, *, check_only: bool = False
) -> dict[str, tuple[str, ...]]:
    """Locks each seed component to what the mirror has now; for each whose lock changes, the changes in words."""
    changed = {}
    for component in components:
        if not isinstance(component.spec, DebSpec):
            continue
        name, _ = mirror.seed_of(component.spec, component.name)
        old = load_lock(folder, component.name, arch)
        new = plan_lock(component.name, component.spec, mirror.index(name), arch)
        changes = diff_locks(old, new)
        if changes or old is None:
            changed[component.name] = changes
            if not check_only:
                save_lock(new, folder)
    return changed


def read_locks(components: Sequence[Component], folder: Path, arch: Arch) -> dict[str, DebLock]:
    """The locks of all seed components; NotFoundError naming those that have none."""
    locks = {c.name: load_lock(folder, c.name, arch) for c in components if isinstance(c.spec, DebSpec)}
    missing = sorted(name for name, lock in locks.items() if lock is None)
    if missing:
        shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        raise NotFoundError(
            f"{len(missing)} components are not locked: {shown}",
            hint="`boatyard component update -a` locks them to what the mirror has now",
        )
    return {name: lock for name, lock in locks.items() if lock is not None}
