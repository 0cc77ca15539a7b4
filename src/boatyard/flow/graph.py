"""The build graph of a project, from what its configuration and the texts of its specs tell before anything is built.

Approximate where text is: see `spec.facts`. What a build has told (`known`) takes the place of the text's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.build_ledger import read_entry
from boatyard.base.error import BoatyardError, ConfigError, NotFoundError
from boatyard.config.model.component import LocalSpec
from boatyard.config.model.overlay import type_of
from boatyard.config.model.seed import DebSpec
from boatyard.config.source_comment import commented_components
from boatyard.graph.build_graph import BuildGraph, Origin, Requirement, make_graph
from boatyard.graph.capability import without_isa
from boatyard.graph.journal import read_lines
from boatyard.graph.plan import Plan, PlanKind, component_of, make_plan
from boatyard.graph.provider import Knowledge, Providers
from boatyard.graph.requirement import capabilities, split_requirements
from boatyard.overlay.spec import edit_spec
from boatyard.ports.folder import Folder
from boatyard.render.layout import spec_dir
from boatyard.sources.deb.lock import load_lock
from boatyard.sources.deb.naming import rpm_name
from boatyard.spec.facts import SpecFacts, Stated, read_facts
from boatyard.spec.text import decode, join_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.flow.workspace import Workspace
    from boatyard_boot.arch import Arch

MAX_SPEC = 8 << 20  # bytes; ten times the largest of a real distribution
JOURNAL = "build.jsonl"  # in the folder for intermediate results
NO_SPEC = "its spec is not here; `boatyard component render` writes it"


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why the spec of a component tells nothing."""

    reason: str


def read_graph(
    project: Project, *, arch: Arch, locks: Path, known: Mapping[str, tuple[str, ...]] | None = None
) -> BuildGraph:
    """The graph of all components. `locks`: the folder of lock files.

    `known`: component → all that its SRPM requires, as builds have told; it takes the place of what the text says,
    unless that asks for something which the build did not: then the spec was edited since.
    """
    specs = {name: _spec_facts(project, component, arch) for name, component in project.components.items()}
    facts = {name: found for name, found in specs.items() if isinstance(found, SpecFacts)}
    known = {name: told for name, told in (known or {}).items() if name not in facts or _is_of(facts[name], told)}
    requirements: dict[str, list[Requirement]] = {}
    for name in project.components:
        if name in known:
            requirements[name] = [Requirement(text, Origin.BUILD) for text in known[name]]
        else:
            requirements[name] = list(_required(facts[name])) if name in facts else []
        if not isinstance(project.components[name].spec, DebSpec):
            requirements[name] += [Requirement(text, Origin.BUILDROOT) for text in _everywhere(project)]
    return make_graph(
        requirements,
        find_providers(project, facts, arch, locks),
        unread={name: one.reason for name, one in specs.items() if isinstance(one, _Unread) and name not in known},
        dynamic=(name for name, found in facts.items() if found.dynamic and name not in known),
        once=(name for name, component in project.components.items() if isinstance(component.spec, DebSpec)),
    )


def plan_builds(
    project: Project, graph: BuildGraph, kind: PlanKind, *, repositories_have: Callable[[str], bool] | None = None
) -> Plan:
    """The plan of a kind. The seed: the repositories that the project builds from, and what the host builds first.

    `repositories_have`: whether they provide a capability; until somebody looks they are taken to have everything.
    """
    are_there, bootstrap = builds_from_repositories(project), frozenset(project.buildroot.bootstrap)
    wanted: dict[str, set[str]] = {}
    for needs in graph.edges.values():
        for need, causes in needs.items():
            wanted.setdefault(need, set()).update(cause.capability for cause in causes)

    def in_seed(name: str) -> bool:
        if name in bootstrap or not are_there or repositories_have is None:
            return name in bootstrap or are_there
        return all(map(repositories_have, wanted.get(name, ())))

    return make_plan(kind, graph.needs, in_seed=in_seed, once=graph.once, by_host=bootstrap)


def known_seconds(workspace: Workspace, plan: Plan) -> dict[str, float]:
    """What the builds of a plan took the last time, as far as the journal knows; both stages of a component alike."""
    journal = workspace.work / JOURNAL
    lines = read_lines(journal) if journal.is_file() else ()
    took = {line.node: line.seconds for line in lines if line.event == "done" and line.seconds > 0}
    times = {node: took.get(node) or took.get(component_of(node)) for node in plan.needs}
    return {node: time for node, time in times.items() if time}


def known_requirements(workspace: Workspace, project: Project, arch: Arch) -> dict[str, tuple[str, ...]]:
    """What components asked for when they were built the last time, as far as the ledger knows.

    For people only: builds are planned from texts, so that what is planned does not depend on what was built before.
    """
    entries = ((name, read_entry(workspace.ledger, name, arch)) for name in project.components)
    return {name: entry.latest.requires for name, entry in entries if entry is not None and entry.latest.requires}


def order_of_builds(graph: BuildGraph, plan: Plan) -> dict[str, tuple[str, ...]]:
    """What a plan builds, each after what: without components that are repackaged, which are there before."""
    return {
        node: tuple(need for need in needs if need not in graph.once)
        for node, needs in plan.needs.items()
        if node not in graph.once
    }


def builds_from_repositories(project: Project) -> bool:
    """Whether builds draw from RPM repositories beside what they make: `inputs.rpm-build`, or a mock configuration.

    What such repositories hold is not looked at here: that a need is not in them shows when a buildroot is solved.
    """
    try:
        _, version = project.distro_version()
    except NotFoundError:
        return False
    return bool(version.inputs.rpm_build) or version.mock_config is not None


def find_providers(project: Project, facts: Mapping[str, SpecFacts], arch: Arch, locks: Path) -> Providers:
    """Who provides what: by package lists and configuration, then specs, then the names of components."""
    providers = Providers()
    listed = [
        (package, component)
        for package, component in commented_components(document.path for document in project.documents)
        if component in project.components
    ]
    providers.add(Knowledge.LISTED, listed)
    stated = ((package, name) for name, component in project.components.items() for package in component.packages)
    providers.add(Knowledge.LISTED, stated)
    providers.add(Knowledge.LISTED, _repackaged(project, arch, locks))
    providers.add(Knowledge.TEXT, ((one.text, name) for name, found in facts.items() for one in _told(found.packages)))
    provides = ((one.text, name) for name, found in facts.items() for one in _told(found.provides))
    providers.add(
        Knowledge.TEXT,
        ((text.split(None, 1)[0], name) for value, name in provides for text in split_requirements(value)),
    )
    providers.add(Knowledge.GUESS, ((name, name) for name in project.components))
    return providers


def _told(stated: Iterable[Stated]) -> Iterable[Stated]:
    """Those in which no macro is left."""
    return (one for one in stated if "%" not in one.text)


def _repackaged(project: Project, arch: Arch, locks: Path) -> Iterator[tuple[str, str]]:
    """What the packages of seed components are called, and what the configuration adds to them."""
    for name, component in project.components.items():
        if not isinstance(component.spec, DebSpec):
            continue
        _, seed = project.seed_of(component)
        lock = load_lock(locks, name, arch)
        debs = [deb.package for deb in lock.debs] if lock is not None else component.spec.binaries_for(arch)
        for deb in debs:
            yield rpm_name(deb, seed), name
            yield f"deb({deb})", name
        for rules in component.seed.packages.values():
            for capability in (*(text.split(None, 1)[0] for text in rules.provides), *rules.links, *rules.files):
                yield capability, name


def _is_of(facts: SpecFacts, told: Iterable[str]) -> bool:
    """Whether what a build told may come from this text: all is in it that the text surely requires."""
    have = {group for text in told for group in _groups(text)}
    return all(group in have for one in _required(facts) if one.certain for group in _groups(one.text))


def _groups(requirement: str) -> Iterator[tuple[str, ...]]:
    """What is asked for, whatever architecture a capability is marked with."""
    for group in capabilities(requirement):
        yield tuple(without_isa(capability) for capability in group)


def _everywhere(project: Project) -> tuple[str, ...]:
    """What is in every buildroot: packages, and components (by their main package) that buildroots are made of."""
    if not project.buildroot.packages:
        return ()  # there are no buildroots
    return tuple(dict.fromkeys((*project.buildroot.packages, *project.buildroot.bootstrap)))


def _required(facts: SpecFacts) -> Iterator[Requirement]:
    for stated in facts.requires:
        for text in split_requirements(stated.text):
            yield Requirement(text, Origin.TEXT, stated.certain)


def _spec_facts(project: Project, component: Component, arch: Arch) -> SpecFacts | _Unread | None:
    """What the spec of a component tells; None for one that is repackaged, so that nothing is needed to build it."""
    if isinstance(component.spec, DebSpec):
        return None
    try:
        text = _spec_text(project, component)
    except BoatyardError as error:
        return _Unread(error.problems[0].what)
    if text is None:
        return _Unread(NO_SPEC)
    build = component.build
    return read_facts(
        text,
        arch=arch,
        name=component.name,
        defines=build.defines,
        undefines=build.undefines,
        with_=build.with_,
        without=build.without,
    )


def _spec_text(project: Project, component: Component) -> str | None:
    """The spec with its overlays: a local one as it will be rendered, of others the rendered one; None without."""
    if isinstance(component.spec, LocalSpec):
        lines = split_lines(_read(component.spec.path))
        for overlay in component.overlays:
            if type_of(overlay).startswith("spec-"):
                lines = edit_spec(overlay, lines)  # type: ignore[arg-type]  # told by its type
        return join_lines(lines)
    folder = spec_dir(project.settings.rendered_specs_dir, component.name)
    names = (component.name, getattr(component.spec, "upstream_name", ""))
    return next((_read(path) for name in names if name and (path := folder / f"{name}.spec").is_file()), None)


def _read(path: Path) -> str:
    try:
        with Folder(path.parent) as folder, folder.open(path.name) as stream:
            data = stream.read(MAX_SPEC + 1)
    except OSError as error:
        raise ConfigError(f"its spec {path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_SPEC:
        raise ConfigError(f"its spec {path} is larger than {MAX_SPEC >> 20} MiB")
    return decode(data)
