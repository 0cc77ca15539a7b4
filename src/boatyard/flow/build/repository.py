"""The RPM repositories that buildroots draw from besides the project's own components: a seed to begin with.

`inputs.rpm-build` of the distribution names them. Their metadata is pinned for a run; packages are fetched when a
buildroot was solved, checked against the metadata and the repository's key, and put into the depot for all workers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.codec import Artifact, find_sealed, save_sealed, to_json
from boatyard.base.digest import fingerprint, sha256_bytes
from boatyard.base.error import NotFoundError, TrustError
from boatyard.build.solve import Universe, is_provided
from boatyard.config.repository import members
from boatyard.flow.depot import open_depot
from boatyard.graph.local import run_all
from boatyard.ports.files import link_or_copy, temporary_dir, write_atomic
from boatyard.rpm.header import read_rpm
from boatyard.rpm.signature import unsigned_rpms
from boatyard.sources.rpm_repository import (
    PinnedRepository,
    RepositoryCache,
    RpmRepository,
    metadata_folder,
)
from boatyard.sources.store import ContentStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.build.depot import Depot
    from boatyard.config.model.resource import RpmRepo
    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.yard import Yard

RECIPE = 1
DOWNLOADS = 6  # side by side
PINNED = "repositories.json"
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


class PinnedRepositories(Artifact, frozen=True):
    """What the repositories of a run held, so that runs can be compared."""

    repositories: tuple[PinnedRepository, ...]


class CheckedPackage(Artifact, frozen=True):
    """A package in the depot. `key`: the digest of the key that has signed it; empty when none was asked for."""

    nevra: str
    sha256: str
    key: str


@dataclass(frozen=True, slots=True)
class Source:
    """A repository of a run, with its key: empty when packages need no signature."""

    repository: RpmRepository
    pinned: PinnedRepository
    public: bytes


@dataclass(frozen=True, slots=True)
class Repositories:
    """`folders`: one for each, with its verified metadata. `universe`: of all they have; `arch`: what is built for."""

    folders: tuple[Path, ...] = ()
    universe: Universe = field(default_factory=Universe)
    arch: str = ""
    _sources: Mapping[Path, Source] = field(default_factory=dict)
    _means: _Means | None = None
    _known: dict[str, RpmFile] = field(default_factory=dict)

    def have(self, capability: str) -> bool:
        """Whether a package of theirs provides a capability."""
        return self._means is not None and is_provided(self.universe, capability, self.arch)

    def fetch(self, packages: Sequence[RpmFile]) -> tuple[RpmFile, ...]:
        """The packages, all of them with a file on this machine; those of repositories are in the depot then.

        TrustError for one that is not signed by the repository's key, or is another than the metadata says.
        """
        if self._means is None:
            return tuple(packages)
        for folder, source in self._sources.items():
            fresh = [p for p in packages if p.path.is_relative_to(folder) and p.sha256 not in self._known]
            self._known.update((rpm.sha256, rpm) for rpm in self._means.fetch(source, fresh))
        return tuple(self._known.get(rpm.sha256, rpm) for rpm in packages)


def open_repositories(
    yard: Yard, depot: Depot | None = None, *, offline: bool = False, record: bool = True
) -> Repositories:
    """Those that `inputs.rpm-build` of the distribution names, as they are now; see `RepositoryCache.pin`.

    `record`: note them as what the last build drew from.
    """
    named = build_repositories(yard.project, yard.arch)
    if not named:
        return Repositories()
    workspace, ports = yard.workspace, yard.ports
    store = ContentStore(workspace.downloads, ports.fetch)
    cache = RepositoryCache(_root(yard), store, ports.run, ports.reporter.warn, offline=offline)
    sources: dict[Path, Source] = {}
    with ports.reporter.step(f"Fetch the metadata of {len(named)} repositories"):
        for repository, is_checked in named:
            pinned = cache.pin(repository)
            public = cache.key(repository) if is_checked else b""
            sources.setdefault(cache.folder(pinned), Source(repository, pinned, public))
    if record:
        pinned_all = PinnedRepositories(repositories=tuple(source.pinned for source in sources.values()))
        save_sealed(pinned_all, workspace.work / PINNED)
    means = _Means(depot or open_depot(workspace.builds), cache, ports)
    return Repositories(tuple(sources), Universe((), sources), yard.arch, sources, means)


def last_repositories(yard: Yard) -> tuple[Path, ...]:
    """The folders of those that the last build drew from; packages that are published may require theirs."""
    found = find_sealed(PinnedRepositories, yard.workspace.work / PINNED)
    if found is None or not build_repositories(yard.project, yard.arch):
        return ()
    return tuple(metadata_folder(_root(yard), pinned) for pinned in found.repositories)


def _root(yard: Yard) -> Path:
    return yard.workspace.cache / "rpm-repository"


def build_repositories(project: Project, arch: str) -> list[tuple[RpmRepository, bool]]:
    """The repositories for builds for an architecture, and whether packages of each must be signed by its key."""
    try:
        _, version = project.distro_version()
    except NotFoundError:
        return []
    values = {"basearch": arch, "arch": arch, "releasever": version.release_ver}
    inputs = version.inputs.rpm_build
    names = [name for one in inputs for name in ([one.repo] if one.repo else members(one.set, project.resources))]
    wanted = [(name, project.repos[name]) for name in names]
    return [
        (_repository(name, repo, values), not repo.disable_gpg_check)
        for name, repo in wanted
        if not repo.arches or arch in repo.arches
    ]


def _repository(name: str, repo: RpmRepo, values: Mapping[str, str]) -> RpmRepository:
    return RpmRepository(
        name=name,
        base=substituted(repo.base_uri, values),
        metalink=substituted(repo.metalink, values),
        key=substituted(repo.gpg_key, values),
    )


def substituted(address: str, values: Mapping[str, str]) -> str:
    """An address with dnf's variables, `$basearch` or `${basearch}`, replaced; unknown ones stay, as in dnf."""
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), address)


@dataclass(frozen=True, slots=True)
class _Means:
    """What packages are fetched with."""

    depot: Depot
    cache: RepositoryCache
    ports: Ports

    def fetch(self, source: Source, packages: Sequence[RpmFile]) -> list[RpmFile]:
        """Packages of one repository, from the depot where they were put by an earlier run that checked them alike."""
        if not packages:
            return []
        key = sha256_bytes(source.public) if source.public else ""
        found = {rpm.sha256: path for rpm in packages if (path := self._checked(rpm, key)) is not None}
        todo = [rpm for rpm in packages if rpm.sha256 not in found]
        if todo:
            with self.ports.reporter.step(f"Fetch {len(todo)} packages of {source.repository.name}"):
                paths = run_all(lambda rpm: self.cache.package(source.pinned, rpm), todo, workers=DOWNLOADS)
                files = [structs.replace(rpm, path=path) for rpm, path in zip(todo, paths, strict=True)]
                self._check(source, files)
                for rpm in files:
                    self.depot.put_file(rpm.path)
                    told = CheckedPackage(nevra=str(rpm.nevra), sha256=rpm.sha256, key=key)
                    self.depot.put_record(_record_key(rpm, key), to_json(told), [rpm.sha256])
                    found[rpm.sha256] = self.depot.fetch(rpm.sha256)
        return [structs.replace(rpm, path=found[rpm.sha256]) for rpm in packages]

    def _checked(self, rpm: RpmFile, key: str) -> Path | None:
        if self.depot.record(_record_key(rpm, key)) is None:
            return None
        try:
            return self.depot.fetch(rpm.sha256)
        except NotFoundError:
            return None

    def _check(self, source: Source, files: Sequence[RpmFile]) -> None:
        name = source.repository.name
        for rpm, real in zip(files, run_all(lambda rpm: read_rpm(rpm.path), files), strict=True):
            if real.nevra != rpm.nevra:
                raise TrustError(
                    f"the metadata of repository {name} calls {real.nevra} {rpm.nevra}",
                    hint="the repository is damaged, or someone passes off one package as another",
                )
        if source.public:
            self._check_signatures(source, files)

    def _check_signatures(self, source: Source, files: Iterable[RpmFile]) -> None:
        named = {f"{rpm.sha256}.rpm": rpm for rpm in files}  # names in metadata are whatever their author likes
        self.depot.work.mkdir(parents=True, exist_ok=True)
        with temporary_dir(self.depot.work) as work:
            (work / "files").mkdir()
            write_atomic(work / "key.asc", source.public)
            for name, rpm in named.items():
                link_or_copy(rpm.path, work / "files" / name)
            bad, told = unsigned_rpms(work / "files", list(named), work / "key.asc", self.ports.run)
        if bad:
            for name, rpm in named.items():
                told = told.replace(name, rpm.file_name)
            raise TrustError(
                f"{named[bad[0]].file_name} of repository {source.repository.name} is not signed by its key",
                detail=told,
                hint=f"{self.cache.key_hint(source.repository)}; or set `disable-gpg-check` of the repository",
            )


def _record_key(rpm: RpmFile, key: str) -> str:
    return fingerprint(["package", RECIPE, str(rpm.nevra), rpm.sha256, key])
