"""The back end `mock`: buildroots are mock's own; what a component needs is offered to it as a repository.

Nothing is solved here. So a component waits for what its spec tells, and a build is keyed by mock's configuration
file and by all that was offered, whether mock has installed it or not. What mock's repositories held is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_result import BuildInputs, BuildResult
from boatyard.artifact.build_task import BuildTask
from boatyard.artifact.codec import from_json, to_json
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import BuildError, ConfigError, NotFoundError, ToolError
from boatyard.flow.build.inputs import build_key, used_packages
from boatyard.flow.build.task import BUILD
from boatyard.graph.plan import component_of, is_first_stage
from boatyard.graph.work import Done, Task
from boatyard.ports import run as ports_run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from boatyard.artifact.build_result import RpmFile
    from boatyard.build.store import BuildStore
    from boatyard.config.project import Project
    from boatyard.flow.build.definition import Definition
    from boatyard.flow.build.work import BuildWork, Rules

RECIPE = 1  # raised when what mock is called with changes what a build gives


def find_mock(project: Project) -> Path:
    """mock's configuration file for the project; ConfigError without one, ToolError when mock is not installed."""
    try:
        config = project.distro_version()[1].mock_config
    except NotFoundError:
        config = None
    if config is None:
        raise ConfigError(
            "builds with mock need its configuration file, and the distribution's version names none",
            hint='add `mock-config = "mock/FILE.cfg"` to [distros.<name>.versions.<version>],'
            " or build with the back end sandbox",
        )
    if not config.is_file():
        raise ConfigError(f"there is no configuration of mock {config}", hint="write it, or mend `mock-config`")
    if not any((Path(place) / "mock").is_file() for place in ports_run.SEARCH_PATH.split(":")):
        raise ToolError(
            "mock is not installed",
            hint="dnf install mock, and make the user a member of the group mock (Debian has no mock);"
            " or build with `--backend sandbox`",
        )
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class MockWork:
    """The work of a build graph; see `graph.work.Work`.

    `base`: packages that no node makes, by their component; `needs`: what each node needs, nodes and components of
    `base`, all of it known beforehand. `told`: as that of `flow.build.work.BuildWork`.
    """

    rules: Rules
    config: Path
    define: Callable[[str], Definition]
    base: Mapping[str, Sequence[RpmFile]]
    needs: Mapping[str, Collection[str]]
    store: BuildStore
    cache: Path
    told: Callable[[BuildResult, bool, BuildInputs], None]
    ready: Callable[[Definition], Definition]

    @classmethod
    def instead_of(cls, work: BuildWork, config: Path, needs: Mapping[str, Collection[str]]) -> MockWork:
        """The same components by mock. `needs`: those of all nodes, repackaged components among them."""
        return cls(
            rules=work.rules,
            config=config,
            define=work.define,
            base=work.base,
            needs=needs,
            store=work.store,
            cache=work.cache,
            told=work.told,
            ready=work.ready,
        )

    @property
    def function(self) -> str:
        """What runs a task."""
        return "boatyard.flow.build.task:perform"

    def next(self, node: str, answer: bytes | None, results: Mapping[str, bytes]) -> Task | Done:
        """The build, or the result that is there."""
        component, rules = component_of(node), self.rules
        definition = self.define(component)
        offered = self._offered(node, results)
        inputs = self._inputs(definition, offered)
        key = build_key(component, inputs, strict=rules.strict)
        if component in rules.afresh:
            key = fingerprint(["afresh", rules.afresh[component], build_key(component, inputs, strict=True)])
        made = self.store.find(key)
        if made is not None:
            if not is_first_stage(node):
                self.told(made, answer is None, inputs)
            return Done(result=to_json(made), reused=answer is None)
        if answer is not None:
            raise BuildError(f"the result of {component} is gone", hint="run the same command again")
        definition = self.ready(definition)
        task = BuildTask(
            component=component,
            arch=rules.arch,
            backend=rules.backend,
            key=key,
            tree=definition.tree,
            spec=definition.spec,
            epoch=definition.epoch,
            buildroot=tuple(rpm for rpms in offered.values() for rpm in rpms),
            limits=rules.limits,
            inputs=inputs,
        )
        order = structs.replace(rules.order(node, task), mock=str(self.config))
        memory = rules.limits.memory_mib
        return Task(node=node, step=BUILD, payload=to_json(order), arch=rules.arch, memory_mib=memory)

    def leaves(self, component: str) -> Mapping[str, str]:
        """What a component is built from besides what is offered to it; the error of preparing its sources."""
        return self._inputs(self.define(component), {}).definition

    def _inputs(self, definition: Definition, offered: Mapping[str, Sequence[RpmFile]]) -> BuildInputs:
        owners = {rpm.sha256: name for name, rpms in offered.items() for rpm in rpms}
        used = used_packages((rpm for rpms in offered.values() for rpm in rpms), owners, self.cache)
        own = {"architecture": self.rules.arch, "back end": f"mock {RECIPE}"}
        leaves = definition.leaves | own | {"mock configuration": sha256_file(self.config)}
        return BuildInputs(definition=leaves, environment=tuple(sorted(used, key=lambda one: one.name)))

    def _offered(self, node: str, results: Mapping[str, bytes]) -> dict[str, Sequence[RpmFile]]:
        """The packages of all that a node needs, directly or not, by component; what is published goes first."""
        found: set[str] = set()
        todo = [node]
        while todo:
            fresh = set(self.needs.get(todo.pop(), ())) - found
            found |= fresh
            todo.extend(fresh)
        offered: dict[str, Sequence[RpmFile]] = {}
        for need in sorted(found - {node}, key=lambda need: (not is_first_stage(need), need)):
            offered[component_of(need)] = (
                from_json(BuildResult, results[need]).rpms if need in results else self.base[need]
            )
        return offered
