"""Loads a project: finds the root file, reads, merges, inherits, checks. All that is wrong is told at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from boatyard.base.error import ConfigError, did_you_mean
from boatyard.base.where import Where
from boatyard.config.fault import Fault, to_error
from boatyard.config.file import ConfigFile
from boatyard.config.include import Tree
from boatyard.config.merge import Merged, Raw, merge
from boatyard.config.model.project import Settings
from boatyard.config.overlay_file import OverlayFiles
from boatyard.config.project import Project
from boatyard.config.repository import expand_repositories, input_faults
from boatyard.config.resolve import Resolver
from boatyard.config.rule.document import document_faults
from boatyard.config.shape import convert
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from boatyard.config.model.distro import Distro
    from boatyard_installer.locate import Key

OWN_ROOT = "boatyard.toml"
AZLDEV_ROOT = "azldev.toml"
OWN_FOLDER, USER_FILE = "boatyard", "config.toml"
DEFAULTS = Path(__file__).parents[1] / "data" / "azldev-defaults.toml"


def find_root(start: Path) -> Path:
    """The root file in a folder or the nearest one above; boatyard.toml goes before azldev.toml."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100  as the user wrote it: links above a project are kept
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {start}", hint="name the folder of a project, or one in it")
    for place in (folder, *folder.parents):
        for name in (OWN_ROOT, AZLDEV_ROOT):
            if (place / name).is_file():
                return place / name
    raise ConfigError(
        f"could not find config file: {AZLDEV_ROOT} or {OWN_ROOT}, in {folder} or above",
        where=Where(folder),
        hint="change to a project, name one with `-C DIR`, or begin one with `boatyard project new DIR`",
    )


def user_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The user's own configuration files (XDG base directories), of those there are; Boatyard's over azldev's."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        home = environ.get("HOME", "")
        base = f"{home}/.config" if home.startswith("/") else ""
    files = (Path(base) / folder / USER_FILE for folder in ("azldev", OWN_FOLDER))
    return tuple(file for file in files if base and file.is_file())


def load_root(
    path: Path, *, config_files: Iterable[Path] = (), permissive: bool = False, defaults: bool = True
) -> Project:
    """The project of a given root file. `config_files` are laid over it; the user's own configuration is not read.

    `permissive`: unknown keys are ignored, and faults of the whole become warnings. `defaults`: with those of the
    format. ConfigError tells every problem.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100
    tree = Tree(permissive)
    for file in (*((DEFAULTS,) if defaults else ()), path, *config_files):
        first = len(tree.documents)
        top = Path(os.path.abspath(file))  # noqa: PTH100
        tree.add(top)
        additions = path.name == OWN_ROOT or top.parts[-2:] == (OWN_FOLDER, USER_FILE)
        for document in tree.documents[first:]:
            tree.faults.extend(document_faults(document, additions=additions))
    if tree.faults:
        raise to_error(tree.faults)
    project = _assemble(path, tree)
    if project.warnings and not permissive:
        raise to_error(project.warnings)
    return project


def _assemble(path: Path, tree: Tree) -> Project:
    spread = any(document.config.project.merge_components for document in tree.documents)
    merged = merge(tree.documents, merge_components=spread)
    folder = path.parent
    directories = {key: str(folder / name) for key, name in Settings().directories().items()}
    sections = {name: table for name, table in merged.sections.items() if name != "components"}
    config: ConfigFile = convert(sections | {"project": directories | merged.section("project")}, ConfigFile)
    distros = {name: _with_host_mock(distro) for name, distro in config.distros.items()}
    faults = [*merged.faults, *_directory_faults(config.project, folder, merged)]
    default, default_faults = _distro_default(config, merged)
    overlay_files = OverlayFiles(additions=path.name == OWN_ROOT, permissive=tree.permissive)
    resolver = Resolver(merged, default, overlay_files)
    components = resolver.components()
    if overlay_files.faults and tree.permissive:
        raise to_error(overlay_files.faults)  # a component without its overlays would be another one
    repos, repo_faults = expand_repositories(config.resources, merged)
    faults += [*default_faults, *resolver.faults, *overlay_files.faults, *overlay_files.warnings, *repo_faults]
    faults += input_faults(distros, config.resources, repos, merged)
    faults += [*_reference_faults(config, merged), *_bootstrap_faults(config, components, merged)]
    return Project(
        root=path,
        settings=config.project,
        distros=distros,
        components=components,
        groups=config.component_groups,
        group_members=resolver.group_members,
        images=config.images,
        test_suites=config.test_suites,
        default_package=config.default_package_config,
        package_groups=config.package_groups,
        channels=config.channels,
        signing=config.signing,
        seeds=config.seeds,
        buildroot=config.buildroot,
        resources=config.resources,
        repos=repos,
        tools=config.tools,
        documents=tuple(tree.documents),
        merged=merged,
        warnings=tuple(faults),
    )


def _distro_default(config: ConfigFile, merged: Merged) -> tuple[Raw, list[Fault]]:
    """What the version of the project's own distribution gives to all components."""
    reference = config.project.default_distro
    if not reference.name:
        return {}, []
    file = merged.files[("project",)]
    key = ("project", "default-distro")
    distro = config.distros.get(reference.name)
    if distro is None:
        hint = did_you_mean(reference.name, config.distros) or f"add [distros.{reference.name}]"
        return {}, [Fault(file, key, f"undefined distro {reference.name!r}", hint)]
    version = reference.version or distro.default_version
    if version not in distro.versions:
        what = f"distro {reference.name!r} has no version {version!r}" if version else "no distro version selected"
        hint = did_you_mean(version, distro.versions) or f"add [distros.{reference.name}.versions.<version>]"
        return {}, [Fault(file, key, what, hint)]
    table: dict[str, Any] = merged.section("distros")[reference.name]["versions"][version]
    return table.get("default-component-config", {}), []


def _with_host_mock(distro: Distro) -> Distro:
    """The configuration of mock for the architecture of this host takes the place of the general one."""
    try:
        arch = Arch.of_host()
    except ValueError:
        return distro
    versions = {}
    for name, version in distro.versions.items():
        mock = version.mock_config_x86_64 if arch is Arch.X86_64 else version.mock_config_aarch64
        versions[name] = msgspec.structs.replace(version, mock_config=mock) if mock else version
    return msgspec.structs.replace(distro, versions=versions)


def _directory_faults(settings: Settings, folder: Path, merged: Merged) -> list[Fault]:
    """A folder for results is emptied at times, so it must not hold the project."""
    faults = []
    for key, chosen in settings.directories().items():
        if chosen == folder or chosen in folder.parents:
            what = f"{str(chosen)!r} holds the project itself"
            hint = "results are replaced there: choose a folder of its own"
            faults.append(Fault(merged.files["project",], ("project", key), what, hint))
    return faults


def _bootstrap_faults(config: ConfigFile, components: Collection[str], merged: Merged) -> list[Fault]:
    """Names in `buildroot.bootstrap` that are no components."""
    return [
        Fault(
            merged.files[("buildroot",)],
            ("buildroot", "bootstrap", number),
            f"undefined component {name!r}",
            did_you_mean(name, components),
        )
        for number, name in enumerate(config.buildroot.bootstrap)
        if name not in components
    ]


def _reference_faults(config: ConfigFile, merged: Merged) -> list[Fault]:
    """Names that nothing defines, and packages in two groups."""
    faults: list[Fault] = []
    for image, suites in ((name, image.tests.test_suites) for name, image in config.images.items()):
        for number, suite in enumerate(suites):
            if suite.name not in config.test_suites:
                what = f"undefined test suite reference: image {image!r} references test suite {suite.name!r}"
                hint = did_you_mean(suite.name, config.test_suites) or f"add [test-suites.{suite.name}]"
                place: Key = ("images", image, "tests", "test-suites", number)
                faults.append(Fault(merged.files["images", image], place, what, hint))
    groups = [group.packages for group in config.package_groups.values()]
    if len(set().union(*groups)) == sum(map(len, groups)):
        return faults  # no package twice
    owners: dict[str, str] = {}
    for name, group in config.package_groups.items():
        for number, package in enumerate(group.packages):
            first = owners.setdefault(package, name)
            if first != name:
                what = f"package {package!r} is in the package group {first!r} too"
                place = ("package-groups", name, "packages", number)
                faults.append(Fault(merged.files["package-groups", name], place, what, "keep it in one of them"))
    return faults
