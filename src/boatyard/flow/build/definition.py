"""What a component is built from: its source tree, prepared and packed, by the digest of its content.

A tree is made once for each state of its sources and configuration, so that a run that changes nothing touches no
source; and a change that leaves the tree as it was, like a reworded reason of an overlay, builds nothing.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact, from_json, to_json
from boatyard.artifact.source_tree import DEFAULT_EPOCH
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import BoatyardError, BuildError, NotFoundError, about
from boatyard.config.model.component import UpstreamSpec
from boatyard.flow.fingerprint import input_fingerprint
from boatyard.flow.history import read_histories
from boatyard.flow.render import prepare_sources, spec_name
from boatyard.flow.source import plan_sources
from boatyard.graph.local import run_all
from boatyard.overlay.archive import pack
from boatyard.ports.files import replacing, temporary_dir
from boatyard.sources.upstream.lock import Lock, load_lock, load_pins
from boatyard.spec.changelog import newest_day
from boatyard.spec.text import decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from boatyard.build.depot import Depot
    from boatyard.config.model.component import Component
    from boatyard.flow.render import RenderOptions
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.yard import Yard

RECIPE = 2
SECONDS_A_DAY = 86_400


class Definition(Artifact, frozen=True):
    """A component's sources. `tree`: the digest of the packed tree in the depot; `files`: that of each file in it.

    `programs`: the files that can be executed: source packages tell it, and builds see it. `epoch`: the date of the
    sources in seconds: noon of the newest entry of the change log, as rpm has it.
    """

    component: str
    tree: str
    spec: str
    epoch: int
    files: dict[str, str]
    programs: tuple[str, ...] = ()

    @property
    def leaves(self) -> dict[str, str]:
        """What may change, by the words for it."""
        others = {f"file {name}": digest for name, digest in self.files.items() if name != self.spec}
        modes = {f"mode of {name}": "executable" for name in self.programs}
        return {"spec": self.files[self.spec], "date": str(self.epoch), **others, **modes}


@dataclass(frozen=True, slots=True)
class Definer:
    """The means to define components. `options`: how their sources are prepared."""

    yard: Yard
    upstream: Upstream
    options: RenderOptions
    depot: Depot

    def knowing(self, components: Collection[str]) -> Definer:
        """The same, with what the project's git history tells of components read at once."""
        histories = read_histories(self.options.locks, components, self.yard.ports.run)
        return replace(self, options=replace(self.options, histories=histories))

    def define(self, component: Component, *, anew: bool = False) -> Definition:
        """The sources of a component, from the depot or prepared now; any error of preparing them.

        `anew`: prepared now, whatever the depot says it has.
        """
        key = fingerprint(["definition", RECIPE, self._source_key(component)])
        record = self.depot.record(key) if not anew else None
        if record is not None:
            found = from_json(Definition, record)
            if self.depot.has(found.tree):
                return found
        reporter = self.yard.ports.reporter
        with reporter.step(component.name), temporary_dir(self.options.work) as work:
            made = self._prepare(component, work)
        self.depot.put_record(key, to_json(made), [made.tree])
        return made

    def _prepare(self, component: Component, work: Path) -> Definition:
        tree = work / "tree"
        tree.mkdir()
        yard = self.yard
        waits = prepare_sources(yard.project, component, self.options, yard.ports, lambda: yard, self.upstream, tree)
        if waits:
            raise BuildError(
                f"{component.name}: the spec leaves its release or change log to rpmautospec, which is not installed",
                hint="pip install 'boatyard[autospec]'",
            )
        with replacing(work / "tree.tar") as temporary, temporary.open("wb") as stream:
            pack(tree, stream, "")
        spec = spec_name(component)
        day = newest_day(split_lines(decode((tree / spec).read_bytes())))
        return Definition(
            component=component.name,
            tree=self.depot.put_file(work / "tree.tar"),
            spec=spec,
            epoch=day * SECONDS_A_DAY + SECONDS_A_DAY // 2 if day else DEFAULT_EPOCH,
            files=_digests(tree),
            programs=_programs(tree),
        )

    def _source_key(self, component: Component) -> list[object]:
        """All that decides what the tree will be, without preparing it."""
        spec, locks = component.spec, self.options.locks
        identity: object
        if isinstance(spec, UpstreamSpec):
            lock = load_lock(locks, component.name) or Lock()
            commit = self.upstream.chosen_commit(component, spec)
            version = self.yard.project.distro_version(spec.upstream_distro)[1]
            identity = [
                input_fingerprint(component, commit, lock.manual_bump, version.release_ver),
                load_pins(locks, component.name),
            ]
        else:
            identity = plan_sources(self.yard, [component])[0].key
        history = self.options.history(component.name, self.yard.ports.run)
        changes: object = history.changes if history is not None else self.options.changes
        how = [component.release, self.options.rule, self.options.rpmautospec is not None]
        return [component.name, identity, changes, how]


class Definitions:
    """The definitions of a run. A component that cannot be prepared fails when it is asked for, and no other does."""

    def __init__(self, definer: Definer, components: Mapping[str, Component]) -> None:
        self._definer, self._components = definer, components
        self._made: dict[str, Definition | BoatyardError] = {}

    def make(self, names: Sequence[str]) -> None:
        """Makes several side by side."""
        definer = self._definer.knowing(names)
        run_all(lambda name: self._make(name, definer), names)

    def of(self, name: str) -> Definition:
        """That of a component, made now if need be; the error of preparing it."""
        if name not in self._made:
            self._make(name, self._definer)
        found = self._made[name]
        if isinstance(found, BoatyardError):
            raise found
        return found

    def with_tree(self, definition: Definition, *, elsewhere: bool = False) -> Definition:
        """The same, its tree at hand where it is built: on this machine, or `elsewhere` by the shared store.

        It is prepared anew where the shared store has lost it, or has a damaged one.
        """
        depot = self._definer.depot
        try:
            if elsewhere:
                depot.share([definition.tree])
            else:
                depot.fetch(definition.tree)
        except NotFoundError:
            return self._definer.define(self._components[definition.component], anew=True)
        return definition

    def _make(self, name: str, definer: Definer) -> None:
        try:
            with about(name):
                self._made[name] = definer.define(self._components[name])
        except BoatyardError as error:
            self._made[name] = error


def _digests(tree: Path) -> dict[str, str]:
    """What each file of a tree holds, by its name below the tree."""
    found = {}
    for path in sorted(tree.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(tree))] = f"link to {path.readlink()}"
        elif path.is_file():
            found[str(path.relative_to(tree))] = sha256_file(path)
    return found


def _programs(tree: Path) -> tuple[str, ...]:
    """The files that their owner may execute; a build sees no more of the modes of its sources."""
    found = (path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink())
    return tuple(str(path.relative_to(tree)) for path in found if path.stat().st_mode & stat.S_IXUSR)
