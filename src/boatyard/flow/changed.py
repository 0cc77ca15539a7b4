"""Which components changed between two commits of the project, told by their locks and their rendered `sources`.

As azldev has it: a component changed when its `input-fingerprint` did. One whose lock is gone counts as changed while
the project has the component, and as deleted when it has it no more. `sources` that differ under one and the same
fingerprint were not made by rendering: somebody edited them, and what uploads archives by them would be misled.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boatyard.base.error import CheckError, ConfigError
from boatyard.base.where import Where
from boatyard.flow.git import ProjectGit
from boatyard.render.layout import spec_dir
from boatyard.sources.upstream.lock import Lock, parse_lock, tell_changes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.ports.run import Runner

Kind = Literal["added", "changed", "deleted", "unchanged"]
SUFFIX = ".lock"
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one component. `sources`: whether its rendered `sources` differ. `why`: what its lock tells."""

    component: str
    kind: Kind
    sources: bool = False
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seed:
    """The lock of a seed component, which has no fingerprint: the file itself is what changes."""

    blob: str


@dataclass(frozen=True, slots=True)
class _Locks:
    """The locks of two commits, as objects of git, and the content of those that are to be compared."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    contents: Mapping[str, bytes]

    def old(self, name: str) -> Lock | _Seed | None:
        """The lock before; an empty one if it was damaged, which nobody can mend any more."""
        try:
            return self._at(self.before, name)
        except ConfigError:
            return Lock()

    def new(self, name: str) -> Lock | _Seed | None:
        """The lock after; ConfigError for a damaged one."""
        return self._at(self.after, name)

    def _at(self, side: Mapping[str, str], name: str) -> Lock | _Seed | None:
        blob = side.get(name, "")
        return _parse(self.contents[blob], name, blob) if blob in self.contents else None


def changed_components(
    project: Project,
    components: Sequence[Component],
    before: str,
    after: str,
    run: Runner,
    *,
    everything: bool,
    locks: Path,
) -> list[Change]:
    """What became of the components between two commits, sorted by name; unchanged ones are among them.

    `everything`: also those that only a lock at one of the commits knows. CheckError naming the components whose
    rendered `sources` changed without their fingerprint.
    """
    repository = ProjectGit.around(project.dir, run)
    old, new = repository.commit(before), repository.commit(after)
    folder = repository.path(locks)
    held = [_named(repository.files(commit, folder)) for commit in (old, new)]
    names = {component.name for component in components}
    if everything:
        names |= held[0].keys() | held[1].keys()
    drifted = _drifted(repository, project, old, new) & names
    wanted = {name for name in names if held[0].get(name) != held[1].get(name)} | drifted
    found = _Locks(held[0], held[1], repository.contents(one[name] for name in wanted for one in held if name in one))
    changes = [_change(name, found, drifted, name in project.components) for name in sorted(names)]
    _check_sources(changes, found)
    return changes


def _named(files: Mapping[str, str]) -> dict[str, str]:
    return {name.removesuffix(SUFFIX): blob for name, blob in files.items() if name.endswith(SUFFIX)}


def _drifted(repository: ProjectGit, project: Project, old: str, new: str) -> set[str]:
    """The components whose rendered `sources` differ. Rendered specs that are not kept in git have none."""
    root = project.settings.rendered_specs_dir
    if not root.resolve().is_relative_to(repository.top.resolve()):
        return set()
    found = set()
    for path in repository.differing(old, new, repository.path(root)):
        letter, _, rest = path.partition("/")
        name, _, file = rest.partition("/")
        if file == "sources" and name and spec_dir(root, name) == root / letter / name:
            found.add(name)
    return found


def _change(name: str, locks: _Locks, drifted: Collection[str], configured: bool) -> Change:
    there = name in locks.before, name in locks.after
    old, new = locks.old(name), locks.new(name)
    kind: Kind = "unchanged"
    why: tuple[str, ...] = ()
    if there == (False, True):
        kind, why = "added", _why(None, new)
    elif there == (True, False):
        kind = "changed" if configured else "deleted"
        why = ("its lock is gone",) if configured else ()
    elif old is not None and new is not None and _fingerprint(old) != _fingerprint(new):
        kind, why = "changed", _why(old, new)
    return Change(component=name, kind=kind, sources=name in drifted, why=why)


def _why(old: Lock | _Seed | None, new: Lock | _Seed | None) -> tuple[str, ...]:
    if isinstance(new, Lock) and (old is None or isinstance(old, Lock)):
        return tell_changes(old, new)
    return ("locked",) if old is None else ("the locked packages changed",)


def _fingerprint(lock: Lock | _Seed) -> str:
    return lock.blob if isinstance(lock, _Seed) else lock.input_fingerprint


def _check_sources(changes: Sequence[Change], locks: _Locks) -> None:
    same = [change.component for change in changes if change.sources and change.kind == "unchanged"]
    edited = [name for name in same if isinstance(lock := locks.new(name), Lock) and lock.input_fingerprint]
    if edited:
        shown = ", ".join(edited[:SHOWN]) + (" …" if len(edited) > SHOWN else "")
        raise CheckError(
            f"found {len(edited)} component(s) with unchanged fingerprint but drifted rendered sources: {shown}",
            detail="rendering writes another `sources` only for another fingerprint: these were edited by hand",
            hint="`boatyard component render` writes them anew; look at what git shows then, and commit it",
        )


def _parse(data: bytes, name: str, blob: str) -> Lock | _Seed:
    if b"\nkind" in data:
        try:
            if tomllib.loads(data.decode()).get("kind") == "deb":
                return _Seed(blob)
        except ValueError:
            pass  # told below, as any damaged lock
    return parse_lock(data, name, Where(Path(f"{name}{SUFFIX} (git object {blob[:12]})")))
