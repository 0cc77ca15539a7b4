"""Renders components: the spec as it will be built, and the files beside it, kept in a folder that goes into git.

Local and seed components are rendered from what the project holds, upstream components from the cache of dist-git
repositories, or from checkouts on the disk. Archives are not needed, but for the sources as a whole (`archives`). Each
component's folder is replaced whole, and only when it changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError, SourceError
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.config.model.seed import DebSpec
from boatyard.config.model.source_file import MADE_HERE
from boatyard.flow.archives import lay_out_archives
from boatyard.flow.autospec import begin_repository, run_rpmautospec, write_history
from boatyard.flow.checkout import lay_out_checkout
from boatyard.flow.history import LockHistories, read_histories, read_history
from boatyard.flow.lock import is_seeded
from boatyard.flow.prepare import Preparation, copy_folder, prepare_tree
from boatyard.flow.source import lay_out, plan_sources
from boatyard.graph.local import run_all
from boatyard.ports.files import (
    TEMPORARY,
    locked,
    remove_tree,
    replacing_dir,
    sweep_temporaries,
    temporary_dir,
    write_atomic,
)
from boatyard.render.autospec import asks_for_rpmautospec, needs_rpmautospec
from boatyard.render.filter import kept_names
from boatyard.render.history import dropped_changes
from boatyard.render.layout import FAILED_NAME, FAILED_TEXT, alias, check_root, spec_dir
from boatyard.render.listing import listed_files
from boatyard.render.macros import macros
from boatyard.render.provenance import UPSTREAM
from boatyard.render.release import BumpRule
from boatyard.render.tree import Difference, compare_trees, copy_rendered
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.deb.spec import PAYLOAD
from boatyard.spec.text import decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.flow.checkout import Checkout
    from boatyard.flow.history import LockHistory
    from boatyard.flow.ports import Ports
    from boatyard.flow.source import ComponentSource
    from boatyard.flow.upstream import Upstream
    from boatyard.flow.yard import Yard
    from boatyard.ports.run import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """`root`: where rendered specs are kept. `checkouts`: a folder with a dist-git checkout for each component.

    `locks`: the folder of lock files. `work`: for intermediate results. `changes`: how many changes every component is
    taken to have had, instead of asking the project's git history. `rpmautospec`: the program, if it shall be run.
    `check`: write nothing, only compare. `archives`: lay out the archives too, and apply the overlays on them.
    `histories`: the changes of all components, where they were read before; else each is asked for by itself.
    """

    root: Path
    locks: Path
    work: Path
    checkouts: Path | None = None
    changes: int | None = None
    rule: BumpRule = BumpRule.STRICT
    rpmautospec: Path | None = None
    check: bool = False
    archives: bool = False
    histories: LockHistories | None = None

    def history(self, component: str, run: Runner) -> LockHistory | None:
        """The changes of a component; None when its lock is not committed, or their number is given."""
        if self.changes is not None:
            return None
        if self.histories is not None:
            return self.histories.of(component)
        return read_history(self.locks / f"{component}.lock", run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What became of one component: its folder, and whether that changed (or, when checked, would). `error`: why not.

    `unavailable`: its sources could not be had, so nothing is known of it and its folder is left alone.
    `unexpanded`: the spec leaves its release or changelog to rpmautospec, and still does.
    """

    component: str
    dir: Path
    changed: bool
    error: BoatyardError | None = None
    differences: tuple[Difference, ...] = ()
    unexpanded: bool = False
    unavailable: bool = False


class _FailedError(Exception):
    """A component could not be rendered; `result` says why."""

    def __init__(self, result: Rendered) -> None:
        super().__init__(result.component)
        self.result = result


@dataclass(frozen=True, slots=True)
class SeedSources:
    """The sources of seed components, with their packages at hand."""

    sources: Mapping[str, ComponentSource] = field(default_factory=dict)
    debs: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Renderer:
    """What the rendering of one component needs to know."""

    project: Project
    options: RenderOptions
    seeds: SeedSources
    ports: Ports
    upstream: Upstream | None = None

    def lay_out(self, component: Component, into: Path) -> Checkout | None:
        """Writes a component's sources, as they come, into an empty folder; gives the git checkout they are from."""
        checkout = None
        if component.name in self.seeds.sources:
            source, debs = self.seeds.sources[component.name], self.seeds.debs.get(component.name, {})
            lay_out(source, debs, into, archives=self.options.archives)
            if source.lock is not None and not self.options.archives:
                (into / PAYLOAD).unlink()
        elif isinstance(component.spec, LocalSpec):
            _lay_out_local(component, component.spec, self.project, self.options, into)
        elif isinstance(component.spec, UpstreamSpec) and self.upstream is not None and self.options.checkouts is None:
            checkout = self.upstream.lay_out(component, component.spec, into)
        elif isinstance(component.spec, UpstreamSpec):
            options = self.options
            checkout = lay_out_checkout(
                component, component.spec, options.checkouts, options.locks, into, self.ports.run
            )
        else:
            raise SourceError(
                f"{component.name}: nothing says where its spec comes from",
                where=self.project.where("components", component.name),
                hint="add `spec = { type = … }` to the component, or to the defaults of the distribution",
            )
        if not (into / spec_name(component)).is_file():
            raise SourceError(
                f"{component.name}: its sources hold no {spec_name(component)}", hint="a spec is named as its component"
            )
        if self.options.archives and self.upstream is not None and not isinstance(component.spec, DebSpec):
            lay_out_archives(self.upstream, component, into)
        return checkout

    def prepare(self, component: Component, tree: Path, checkout: Checkout | None) -> bool:
        """Prepares laid-out sources; gives whether the spec still waits for rpmautospec."""
        if component.name in self.seeds.sources:
            component = self.seeds.sources[component.name].component
        spec, run, options = spec_name(component), self.ports.run, self.options
        history = options.history(component.name, run)
        changes = len(history.changes) if history is not None else options.changes or 0
        repository, first = None, ""
        if options.rpmautospec is not None and changes and (checkout is not None or is_local(component)):
            git = checkout.git if checkout is not None else None
            repository = begin_repository(tree.with_name(f"{tree.name}.git"), tree, git, run)
            first = repository.snapshot() if checkout is None else ""
        how = Preparation(
            changes=changes, rule=options.rule, edit_archives=options.archives, fedora=_fedora(self.project, component)
        )
        prepare_tree(component, tree, spec, how)
        lines = split_lines(decode((tree / spec).read_bytes()))
        if repository is None or options.rpmautospec is None or not needs_rpmautospec(lines):
            return asks_for_rpmautospec(lines)
        if checkout is None:
            write_history(repository, first, None, history, options.changes or 0)
        else:
            if checkout.commit and self.upstream is not None and isinstance(component.spec, UpstreamSpec):
                self.upstream.complete_history(component, component.spec, checkout.commit)
            placed = write_history(repository, first, checkout.git, history, options.changes or 0, checkout.commit)
            if placed.dropped:
                self.ports.reporter.warn(f"{component.name}: {dropped_changes(placed)}")
        run_rpmautospec(repository, spec, options.rpmautospec)
        return False

    def render(self, component: Component) -> Rendered:
        """Renders one component, or compares only; an error of the component is part of the result."""
        try:
            with self.ports.reporter.step(component.name), temporary_dir(self.options.work) as work:
                return self._render(component, work)
        except _FailedError as failed:  # told as a failed step
            return failed.result

    def _render(self, component: Component, work: Path) -> Rendered:
        target = spec_dir(self.options.root, component.name)
        tree = work / "tree"
        tree.mkdir()
        try:
            checkout = self.lay_out(component, tree)
        except BoatyardError as error:
            raise _FailedError(
                Rendered(component=component.name, dir=target, changed=False, error=error, unavailable=True)
            ) from error
        try:
            waits = self.prepare(component, tree, checkout)
            rendered = work / "rendered"
            copy_rendered(tree, rendered, _kept(component, tree))
        except BoatyardError as error:
            raise _FailedError(self._mark_failed(component, target, error)) from error
        differences = tuple(compare_trees(target, rendered))
        if differences and not self.options.check:
            with replacing_dir(target) as new:
                copy_rendered(rendered, new)
        self._link_alias(component.name, target)
        return Rendered(
            component=component.name,
            dir=target,
            changed=bool(differences),
            differences=differences,
            unexpanded=waits,
        )

    def _mark_failed(self, component: Component, target: Path, error: BoatyardError) -> Rendered:
        """Leaves the mark of a failure as the only file of the component, so that git shows it."""
        mark = target / FAILED_NAME
        lone = target.is_dir() and [path.name for path in target.iterdir()] == [FAILED_NAME]
        marked = lone and mark.read_bytes() == FAILED_TEXT.encode()
        if not marked and not self.options.check:
            with replacing_dir(target) as new:
                write_atomic(new / FAILED_NAME, FAILED_TEXT)
        return Rendered(component=component.name, dir=target, changed=not marked, error=error)

    def _link_alias(self, name: str, target: Path) -> None:
        link = target.parent / alias(name) if alias(name) else None
        if link is None or self.options.check:
            return
        if link.is_symlink() and link.readlink() == Path(name):
            return
        if link.exists() and not link.is_symlink():
            self.ports.reporter.warn(f"{link} is in the way of the alias of {name}")
            return
        link.unlink(missing_ok=True)
        link.symlink_to(name)


def spec_name(component: Component) -> str:
    """The file name of a component's spec."""
    return f"{component.name}.spec"


def is_local(component: Component) -> bool:
    """Whether the project holds the component's spec."""
    return isinstance(component.spec, LocalSpec)


def render_components(
    project: Project,
    components: Sequence[Component],
    options: RenderOptions,
    ports: Ports,
    yard: Callable[[], Yard],
    upstream: Upstream | None = None,
) -> list[Rendered]:
    """Renders components side by side; gives one result for each, sorted by name.

    `yard` is asked for only when there are seed components, whose packages are fetched. `upstream`: where upstream
    components come from when there are no checkouts.
    """
    check_root(options.root, project.dir)
    with locked(options.work / "lock"):
        sweep_temporaries(options.work)
        if options.changes is None:
            names = [component.name for component in components]
            options = replace(options, histories=read_histories(options.locks, names, ports.run))
        renderer = Renderer(project, options, _seed_sources(components, options, yard), ports, upstream)
        with ports.reporter.step(f"Render {len(components)} components"):
            rendered = run_all(renderer.render, sorted(components, key=lambda component: component.name))
    return rendered


def lay_out_both(
    project: Project,
    component: Component,
    options: RenderOptions,
    ports: Ports,
    yard: Callable[[], Yard],
    into: Path,
    upstream: Upstream | None = None,
) -> tuple[Path, Path]:
    """A component's sources before and after its configuration, in two folders under `into`."""
    renderer = Renderer(project, options, _seed_sources([component], options, yard), ports, upstream)
    before, after = into / "before", into / "after"
    before.mkdir()
    after.mkdir()
    renderer.lay_out(component, before)
    renderer.prepare(component, after, renderer.lay_out(component, after))
    return before, after


def prepare_sources(
    project: Project,
    component: Component,
    options: RenderOptions,
    ports: Ports,
    yard: Callable[[], Yard],
    upstream: Upstream,
    into: Path,
    *,
    configured: bool = True,
) -> bool:
    """Lays a component's sources out in an empty folder; gives whether the spec still waits for rpmautospec.

    `configured`: with all that the configuration changes about them, ready to be built.
    """
    renderer = Renderer(project, options, _seed_sources([component], options, yard), ports, upstream)
    checkout = renderer.lay_out(component, into)
    return renderer.prepare(component, into, checkout) if configured else False


def stale_folders(project: Project, root: Path) -> list[Path]:
    """Folders of rendered components that the project no longer has; only those where a component would be kept."""
    found = []
    for letter in sorted(root.glob("?")) if root.is_dir() else []:
        for path in sorted(letter.iterdir()) if letter.is_dir() else []:
            is_ours = not path.name.startswith(TEMPORARY) and path.is_dir() and not path.is_symlink()
            if is_ours and path.name not in project.components and path.name[0].lower() == letter.name:
                found.append(path)
    return found


def remove_stale(folders: Sequence[Path]) -> None:
    """Removes folders of rendered components, with the links beside them that lead there."""
    for folder in folders:
        remove_tree(folder)
        link = folder.parent / (alias(folder.name) or folder.name)
        if link.is_symlink():
            link.unlink()


def _seed_sources(components: Sequence[Component], options: RenderOptions, yard: Callable[[], Yard]) -> SeedSources:
    seeds = [
        component
        for component in components
        if is_seeded(component) or (options.archives and _has_made_here(component))
    ]
    if not seeds:
        return SeedSources()
    opened = yard()
    sources = plan_sources(opened, seeds)
    locks = [source.lock for source in sources if source.lock is not None]
    if not locks:
        return SeedSources({source.component.name: source for source in sources})
    mirror = opened.mirror
    with opened.ports.reporter.step(f"Fetch the packages of {len(locks)} seed components"):
        debs = fetch_debs(locks, mirror.mirror, mirror.store, opened.ports.reporter, mirror.any_index)
    return SeedSources({source.component.name: source for source in sources}, debs)


def _has_made_here(component: Component) -> bool:
    """Whether Boatyard itself makes some of the sources of a local component."""
    return is_local(component) and any(isinstance(file.origin, MADE_HERE) for file in component.source_files)


def _lay_out_local(component: Component, spec: LocalSpec, project: Project, options: RenderOptions, into: Path) -> None:
    if not spec.path.is_file():
        raise SourceError(
            f"{component.name}: there is no spec {spec.path}", where=project.where("components", component.name)
        )
    settings = project.settings
    results = (options.root, options.work, settings.work_dir, settings.output_dir, settings.log_dir)
    copy_folder(spec.path.parent, into, leave_out=results)


def _kept(component: Component, tree: Path) -> set[str]:
    """The entries at the top of a prepared tree that are rendered."""
    present, spec = [path.name for path in tree.iterdir()], spec_name(component)
    if component.render.skip_file_filter:
        return set(present)
    text = decode((tree / spec).read_bytes())
    return kept_names(spec, listed_files(text, macros(component.build)), present)


def _fedora(project: Project, component: Component) -> str:
    """The release-ver of the Fedora that an upstream component is from, when it shall be told; else ""."""
    if not component.build.emit_upstream_provenance or not isinstance(component.spec, UpstreamSpec):
        return ""
    reference = component.spec.upstream_distro
    name = reference.name or project.settings.default_distro.name
    return project.distro_version(reference)[1].release_ver if name.lower() == UPSTREAM else ""
