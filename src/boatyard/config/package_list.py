"""The packages of a project as a list: which component makes each, its groups, the channel it is published to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ConfigError
from boatyard.base.where import Where
from boatyard.config.channel import Channels, Published, is_debug_package
from boatyard.config.fault import Fault, to_error
from boatyard.config.read import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boatyard.config.project import Project

Name = Annotated[str, msgspec.Meta(min_length=1)]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A package: `type` is rpm or srpm; names are empty where nothing is known."""

    name: str
    type: str = "rpm"
    published: Published
    package_group: str = ""
    component: str = ""
    component_groups: tuple[str, ...] = ()


class Made(msgspec.Struct, frozen=True, rename="camel"):
    """A record of azldev's map of packages to the source packages that make them."""

    package_name: Name
    source_package_name: Name


def read_source_map(file: Path) -> dict[str, str]:
    """The source package of each package, from a JSON list of `packageName` and `sourcePackageName`.

    Of a package told twice the first counts, as with azldev. ConfigError for a file that is no such list.
    """
    text = read_text(file)
    if isinstance(text, Fault):
        raise to_error([text])
    try:
        records = msgspec.json.decode(text, type=decodable(list[Made]))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ConfigError(
            f"not a map of packages to source packages: {error}",
            where=Where(file),
            hint='write [{"packageName": …, "sourcePackageName": …}, …]',
        ) from None
    return {record.package_name: record.source_package_name for record in reversed(records)}


class PackageList:
    """Answers for one project. ConfigError when two components state the same package."""

    def __init__(self, project: Project) -> None:
        self._project, self._channels = project, Channels(project)
        stated = [(name, owner) for owner, component in project.components.items() for name in component.packages]
        self._owners = dict(stated)
        for name, count in Counter(name for name, _ in stated).items():
            if count > 1:
                owners = " and ".join(owner for package, owner in stated if package == name)
                raise ConfigError(
                    f"package {name} is configured by more than one component: {owners}",
                    where=project.where("components", self._owners[name], "packages", name),
                    hint="keep it with the one that makes it",
                )

    def known(self) -> list[str]:
        """The names of the packages that the configuration names, sorted."""
        return sorted({*self._channels.group_of, *self._owners})

    def of_names(self, names: Iterable[str], component: str = "") -> list[Listed]:
        """These packages, sorted by name. `component`: who makes them, when it is known."""
        return [self._listed(name, component or self._owner(name)) for name in sorted(names)]

    def of_sources(self, sources: dict[str, str]) -> list[Listed]:
        """Source packages and the packages made from them (see read_source_map), sorted by name and type."""
        listed = [self._source(name) for name in set(sources.values())]
        listed += [self._listed(name, source) for name, source in sources.items()]
        return sorted(listed, key=lambda one: (one.name, one.type))

    def with_debug(self, listed: list[Listed]) -> list[Listed]:
        """The packages given, the -debuginfo of each and the -debugsource of every component, sorted by name."""
        found = {one.name: one for one in listed}
        for one in listed:
            if not is_debug_package(one.name):
                name = f"{one.name}-debuginfo"
                channel = self._channels.of(one.name, one.component, debug=True)
                found.setdefault(name, msgspec.structs.replace(one, name=name, published=channel))
        for component in self._project.components:
            name = f"{component}-debugsource"
            found.setdefault(name, self._listed(name, component))
        return [found[name] for name in sorted(found)]

    def _owner(self, package: str) -> str:
        """The component that states a package, else the one that is called like it."""
        return self._owners.get(package) or (package if package in self._project.components else "")

    def _groups(self, component: str) -> tuple[str, ...]:
        owner = self._project.components.get(component)
        return owner.groups if owner else ()

    def _listed(self, name: str, component: str) -> Listed:
        return Listed(
            name=name,
            published=self._channels.of(name, component),
            package_group=self._channels.group_of.get(name, ""),
            component=component,
            component_groups=self._groups(component),
        )

    def _source(self, name: str) -> Listed:
        known = name in self._project.components
        published = self._channels.of_source(name) if known else Published("")
        return Listed(name=name, type="srpm", published=published, component=name, component_groups=self._groups(name))
