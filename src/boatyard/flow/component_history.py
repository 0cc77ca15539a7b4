"""The history of a component: upstream's commits and the project's changes in one line, and the releases that result.

It is the history that rpmautospec counts when a spec is rendered: from the commit the component was first locked to,
with each change of the project behind the upstream commit that it was made at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, ConfigError
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.flow.autospec import begin_repository, count_releases, write_history
from boatyard.flow.git import read_objects
from boatyard.flow.history import LockHistory, read_lock
from boatyard.flow.prepare import Preparation, prepare_tree
from boatyard.flow.render import Renderer, spec_name
from boatyard.ports.files import temporary_dir
from boatyard.render.autospec import INITIAL, parse_commit
from boatyard.render.history import Revision, dropped_changes
from boatyard.render.release import bumped, last_release, uses_autorelease
from boatyard.spec.text import decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.config.model.component import Component
    from boatyard.flow.autospec import Repository
    from boatyard.flow.checkout import Checkout
    from boatyard.render.history import History
    from boatyard.render.release import BumpRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One commit of the history. `time`: of its author, seconds since the epoch; `release`: "" where it is not known.

    `upstream_commit`: for a change of the project, the commit upstream that its lock named.
    """

    commit: str
    author: str
    email: str
    time: int
    subject: str
    release: str = ""
    project: bool = False
    upstream_commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentHistory:
    """`entries`: oldest first. `warnings`: what is not counted, and why."""

    component: str
    entries: tuple[Entry, ...]
    locked: bool = False
    import_commit: str = ""
    warnings: tuple[str, ...] = ()


def component_history(renderer: Renderer, component: Component) -> ComponentHistory:
    """The history of one component up to HEAD; ConfigError for a seed component, which has none.

    Releases of specs with %autorelease are those that rpmautospec counts; without the program they are left out.
    """
    if not isinstance(component.spec, UpstreamSpec | LocalSpec):
        raise ConfigError(
            f"{component.name} is a seed component, whose release is that of its packages",
            hint="`boatyard component changed` tells when its lock changed",
        )
    options, run = renderer.options, renderer.ports.run
    history, warnings = options.history(component.name, run), []
    if history is None:
        warnings.append("its lock is not committed, so no change of the project is known")
        lock = read_lock(options.locks / f"{component.name}.lock")
        history = LockHistory(lock, ()) if lock is not None else None
    with temporary_dir(options.work) as work:
        tree = work / "tree"
        tree.mkdir()
        checkout = renderer.lay_out(component, tree)
        source = checkout.git if checkout is not None else None
        first_spec = (tree / spec_name(component)).read_bytes()
        repository = begin_repository(work / "git", tree, source, run)
        first = repository.snapshot() if source is None else ""
        if checkout is not None and checkout.commit and renderer.upstream and isinstance(component.spec, UpstreamSpec):
            renderer.upstream.complete_history(component, component.spec, checkout.commit)
        changes = len(history.changes) if history is not None else 0
        prepare_tree(
            component, tree, spec_name(component), Preparation(changes=changes, rule=options.rule, edit_archives=False)
        )
        placed = write_history(repository, first, source, history, 0, checkout.commit if checkout else "")
        if placed.dropped:
            warnings.append(dropped_changes(placed))
        releases = _releases(component, renderer, repository, checkout, placed, first_spec)
        entries = _entries(placed, releases, source, renderer)
    return ComponentHistory(
        component=component.name,
        entries=tuple(entries),
        locked=history is not None,
        import_commit=history.lock.import_commit if history is not None else "",
        warnings=tuple(warnings),
    )


def _releases(
    component: Component,
    renderer: Renderer,
    repository: Repository,
    checkout: Checkout | None,
    placed: History,
    first_spec: bytes,
) -> list[str]:
    """The release at each commit of the history."""
    options = renderer.options
    spec = repository.tree / spec_name(component)
    final = _release(spec.read_bytes())
    if component.release.calculation != "manual" and uses_autorelease(final):
        if options.rpmautospec is None:
            return [""] * len(placed.commits)
        return count_releases(repository, spec.name, options.rpmautospec, len(placed.commits))
    specs: Mapping[str, bytes] = {}
    if checkout is not None and isinstance(component.spec, UpstreamSpec):
        name = f"{component.spec.upstream_name or component.name}.spec"
        wanted = [f"{one}:{name}" for one in placed.commits if isinstance(one, str)]
        specs = {
            key.partition(":")[0]: text for key, text in read_objects(checkout.git, wanted, renderer.ports.run).items()
        }
    found = _static_releases(placed.commits, specs, first_spec, options.rule, component.release.calculation != "manual")
    return [*found[:-1], final] if found else found


def _static_releases(
    commits: Sequence[str | Revision], specs: Mapping[str, bytes], first_spec: bytes, rule: BumpRule, counted: bool
) -> list[str]:
    """Upstream's own numbers; behind them, as much more as the project made changes until then."""
    found, done, text = [], 0, first_spec
    for commit in commits:
        if isinstance(commit, str):
            text = specs.get(commit, first_spec)
            found.append(_release(text))
        else:
            done += 1
            release = _release(text)
            found.append((bumped(release, done, rule) or "") if counted else release)
    return found


def _release(spec: bytes) -> str:
    try:
        return last_release(split_lines(decode(spec)))
    except BuildError:
        return ""


def _entries(placed: History, releases: Sequence[str], source: Path | None, renderer: Renderer) -> list[Entry]:
    upstream = [one for one in placed.commits if isinstance(one, str)]
    known = read_objects(source, upstream, renderer.ports.run) if source is not None else {}
    return [
        _project_entry(one, release) if isinstance(one, Revision) else _upstream_entry(one, known.get(one), release)
        for one, release in zip(placed.commits, releases, strict=True)
    ]


def _project_entry(change: Revision, release: str) -> Entry:
    return Entry(
        commit=change.commit, author=change.author, email=change.email, time=change.time, subject=change.subject,
        release=release, project=True, upstream_commit=change.lock.upstream_commit,
    )  # fmt: skip


def _upstream_entry(commit: str, data: bytes | None, release: str) -> Entry:
    """A commit of the upstream; that of a local component's folder stands in no repository."""
    if data is None:
        return Entry(commit="", author="", email="", time=0, subject=INITIAL, release=release)
    parsed = parse_commit(data)
    who, _, when = parsed.author.decode("utf-8", "replace").rpartition("> ")
    author, _, email = who.rpartition(" <")
    return Entry(
        commit=commit,
        author=author,
        email=email,
        time=int(when.split()[0]),
        subject=parsed.message.decode("utf-8", "replace").partition("\n")[0],
        release=release,
    )
