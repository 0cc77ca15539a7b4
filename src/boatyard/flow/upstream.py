"""Components of another distribution: which commit of its dist-git a project means, and the files of it.

The commit is that of the lock, else the pin. Only `component update` looks one up on a branch.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, SourceError
from boatyard.flow.checkout import Checkout, name_spec
from boatyard.flow.source_script import ScriptMeans
from boatyard.render.autospec import needs_rpmautospec
from boatyard.sources.upstream.archive import ArchiveStore
from boatyard.sources.upstream.lock import load_lock, resolution_hash
from boatyard.sources.upstream.repository import DistGit
from boatyard.sources.upstream.template import fill_template
from boatyard.spec.text import decode, split_lines

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.config.model.component import Component, UpstreamSpec
    from boatyard.config.model.distro import Distro
    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.workspace import Workspace
    from boatyard.sources.upstream.repository import Repository

HISTORY_FILES = ("changelog",)  # what rpmautospec reads of old commits, besides the spec


def open_upstream(
    project: Project, workspace: Workspace, ports: Ports, *, offline: bool = False, lookasides: tuple[str, ...] = ()
) -> Upstream:
    """The means to get upstream sources, with the caches of this user; `offline`: from those only."""
    return Upstream(
        project=project,
        locks=workspace.locks,
        dist_git=DistGit(root=workspace.dist_git, run=ports.run, environ=os.environ, offline=offline),
        archives=ArchiveStore(workspace.downloads, ports.fetch, offline=offline),
        lookasides=lookasides,
        scripts=ScriptMeans(ports.run, os.environ, ports.reporter.note),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the upstream of a component is kept: its package there, the repository and the branch."""

    package: str
    repository: Repository
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The means to get upstream sources. `locks`: their folder; `lookasides`: templates of mirrors, asked first.

    `scripts`: what scripts that make archives are run with; without any network when None.
    """

    project: Project
    locks: Path
    dist_git: DistGit
    archives: ArchiveStore
    lookasides: tuple[str, ...] = ()
    scripts: ScriptMeans | None = None
    _updated: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def place(self, component: Component, spec: UpstreamSpec) -> Place:
        """Where a component is from; ConfigError when its distribution does not say."""
        distro, version = self.project.distro_version(spec.upstream_distro)
        package = spec.upstream_name or component.name
        name = spec.upstream_distro.name or self.project.settings.default_distro.name
        for key, value in (
            ("dist-git-base-uri", distro.dist_git_base_uri),
            ("dist-git-branch", version.dist_git_branch),
        ):
            if not value:
                raise ConfigError(
                    f"{component.name} is from the distribution {name}, which has no {key}",
                    where=self.project.where("distros", name),
                    hint=f"set {key}, or `spec.upstream-distro` of the component",
                )
        address = fill_template(distro.dist_git_base_uri, pkg=package)
        return Place(package, self.dist_git.repository(package, address), version.dist_git_branch)

    def commit(self, component: Component, spec: UpstreamSpec) -> str:
        """The commit that is locked or pinned, fetched if need be.

        NotFoundError when there is neither, SourceError when the lock is not of the pin.
        """
        chosen, place = self.chosen_commit(component, spec), self.place(component, spec)
        return place.repository.require(chosen, place.branch)

    def chosen_commit(self, component: Component, spec: UpstreamSpec) -> str:
        """The same without looking for it; a pin may be the beginning of an id."""
        lock = load_lock(self.locks, component.name)
        locked, pin = lock.upstream_commit.lower() if lock is not None else "", spec.upstream_commit.lower()
        if locked and pin and not locked.startswith(pin):
            raise SourceError(
                f"lock is stale for {component.name}: config pins {pin} but lock has {locked}",
                hint=f"`boatyard component update {component.name}`",
            )
        if not locked and not pin:
            raise NotFoundError(
                f"no lock file for upstream component {component.name}",
                hint=f"`boatyard component update {component.name}` locks it to a commit",
            )
        return locked or pin

    def resolve(self, component: Component, spec: UpstreamSpec) -> str:
        """The commit that the configuration means now: the pin, the last one at the snapshot, or the newest.

        The branch is fetched once in a run; offline, it is as it was fetched last.
        """
        if spec.upstream_commit:
            return spec.upstream_commit.lower()
        place = self.place(component, spec)
        repository, moment = place.repository, spec.upstream_distro.snapshot
        if not self.dist_git.offline:
            with self._lock:
                known = f"{repository.dir} {place.branch}" in self._updated
            if not known:
                repository.update(place.branch)
                with self._lock:
                    self._updated.add(f"{repository.dir} {place.branch}")
        if not repository.tip(place.branch):
            return repository.require("0" * 40, place.branch)  # tells that nothing is here
        if not moment:
            return repository.tip(place.branch)
        found = repository.commit_at(place.branch, int(datetime.fromisoformat(moment).timestamp()))
        if not found:
            raise SourceError(
                f"{component.name}: branch {place.branch} of {place.package} has no commit before {moment}",
                hint="choose a later snapshot, another branch, or pin `upstream-commit`",
            )
        return found

    def lay_out(self, component: Component, spec: UpstreamSpec, into: Path) -> Checkout:
        """Writes the files of the commit into an empty folder, the spec named after the component."""
        commit, place = self.commit(component, spec), self.place(component, spec)
        place.repository.write(commit, into)
        name_spec(component, place.package, into)
        return Checkout(place.repository.dir, commit)

    def fetch(self, component: Component, spec: UpstreamSpec) -> tuple[str, bytes]:
        """Fetches all of a component's commit, with the history that rpmautospec reads; the commit, and `sources`."""
        commit, place = self.commit(component, spec), self.place(component, spec)
        place.repository.fetch_files(commit)
        spec_file = f"{place.package}.spec"
        text = place.repository.read(commit, spec_file)
        if text is not None and needs_rpmautospec(split_lines(decode(text))):
            place.repository.complete(commit, [spec_file, *HISTORY_FILES])
        return commit, place.repository.read(commit, "sources") or b""

    def complete_history(self, component: Component, spec: UpstreamSpec, commit: str) -> None:
        """Fetches the old contents of the spec and the change log, for rpmautospec."""
        place = self.place(component, spec)
        place.repository.complete(commit, [f"{place.package}.spec", *HISTORY_FILES])

    def resolution(self, spec: UpstreamSpec) -> str:
        """The hash over what chooses the commit; as azldev has it in its locks."""
        distro, version = self.project.distro_version(spec.upstream_distro)
        reference = spec.upstream_distro
        return resolution_hash(
            snapshot=reference.snapshot,
            distro_name=reference.name,
            distro_version=reference.version,
            dist_git_branch=version.dist_git_branch,
            dist_git_base_uri=distro.dist_git_base_uri,
            upstream_commit_pin=spec.upstream_commit,
            upstream_name=spec.upstream_name,
        )

    def distro(self, component: Component) -> Distro:
        """The distribution whose lookaside cache has a component's archives."""
        return self.project.distro_version(getattr(component.spec, "upstream_distro", None))[0]
