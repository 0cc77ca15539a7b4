"""Facts: what an image has and what its repositories could add, as far as deployments ask for it."""

from __future__ import annotations

import fnmatch
import posixpath
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from boatyard.check.shell.effect import PATH_DIRS, UNIT_DIRS, unit_name
from boatyard.check.shell.package_manager import SAME_FAMILY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MERGED = ("/bin", "/sbin", "/lib", "/lib64")
SERVICE_DIRS = (*UNIT_DIRS, "/etc/init.d")
MODULE_PARENTS = ("site-packages", "dist-packages", "lib-dynload")
MANAGERS = ("dnf", "apt", "zypper", "apk", "pacman")
MANAGER_COMMANDS = {"dnf": ("dnf", "dnf5", "yum", "tdnf", "microdnf"), "apt": ("apt-get",), "zypper": ("zypper",),
                    "apk": ("apk",), "pacman": ("pacman",)}  # fmt: skip


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A package: whether the image has it, its files, what it provides, requires and recommends (names only).

    `files` None: they are not known.
    """

    name: str
    evr: str = ""
    installed: bool = False
    files: tuple[str, ...] | None = None
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()


class FactsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """Facts as they are stored, and as users may write them (`--facts`). `files`: of the image, not of any package.

    `users` and `groups` None: not known. `os_release`: the fields of /etc/os-release. `manager`: the package manager
    (dnf, apt, zypper, apk, pacman); found by its command when it is empty.
    """

    packages: tuple[Package, ...]
    image: str = ""
    files: tuple[str, ...] = ()
    users: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    os_release: dict[str, str] = {}
    manager: str = ""


def canonical(path: str) -> str:
    """A path with /bin and its like where they are today: below /usr."""
    path = posixpath.normpath(path)
    return "/usr" + path if path.startswith(tuple(f"{folder}/" for folder in MERGED)) else path


class Facts:
    """Facts with what is looked up in them. Names of packages are sorted: answers do not depend on an order."""

    def __init__(self, told: FactsFile) -> None:
        self.told = told
        self.image = told.image
        self.packages: dict[str, Package] = {}
        for package in told.packages:  # an installed one is told of, whatever else there is by its name
            if package.installed or package.name not in self.packages:
                self.packages[package.name] = package
        self.installed = frozenset(name for name, package in self.packages.items() if package.installed)
        self.complete = all(package.files is not None for package in self.packages.values() if package.installed)

    @cached_property
    def owners(self) -> dict[str, tuple[str, ...]]:
        """The packages that have a file, by its canonical path; the image's own files have the owner ``""``."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.told.files:
            found[canonical(path)].append("")
        for name in sorted(self.packages):
            for path in self.packages[name].files or ():
                found[canonical(path)].append(name)
        return {path: tuple(names) for path, names in found.items()}

    @cached_property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """The packages that have a command in a folder of PATH, by its name."""
        folders = {canonical(folder + "/x")[:-2] for folder in PATH_DIRS}
        return self._by_name(lambda folder, name: name if folder in folders else "")

    @cached_property
    def services(self) -> dict[str, tuple[str, ...]]:
        """The packages that have a unit, by its full name; scripts of System V count as services."""
        folders = {canonical(folder + "/x")[:-2] for folder in SERVICE_DIRS}
        return self._by_name(lambda folder, name: unit_name(name) if folder in folders else "")

    @cached_property
    def modules(self) -> dict[str, tuple[str, ...]]:
        """The packages that have a module of Python 3, by its name."""
        found: dict[str, set[str]] = defaultdict(set)
        for path, names in self.owners.items():
            module = module_of(path)
            if module:
                found[module].update(names)
        return {module: tuple(sorted(names)) for module, names in found.items()}

    def _by_name(self, key: object) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = defaultdict(set)
        for path, names in self.owners.items():
            folder, _, name = path.rpartition("/")
            label = key(folder, name)  # type: ignore[operator]
            if label:
                found[label].update(names)
        return {label: tuple(sorted(names)) for label, names in found.items()}

    @cached_property
    def provided(self) -> dict[str, tuple[str, ...]]:
        """The packages that provide something, by what they provide."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.packages):
            for what in self.packages[name].provides:
                found[what].append(name)
        return {what: tuple(names) for what, names in found.items()}

    @cached_property
    def manager(self) -> str:
        """The image's package manager: as told, else the one whose command it has; empty when that is unclear."""
        if self.told.manager:
            return self.told.manager
        has = [
            manager
            for manager in MANAGERS
            if any(self.installed_ones(self.commands.get(command, ())) for command in MANAGER_COMMANDS[manager])
        ]
        return has[0] if has else ""

    @property
    def family(self) -> frozenset[str]:
        """The kinds of package managers that are at home on the image."""
        return frozenset(SAME_FAMILY.get(self.manager, {self.manager}))

    @cached_property
    def users(self) -> frozenset[str] | None:
        """The users of the image; None when they are not known. Packages tell of theirs by `user(NAME)`."""
        return self._accounts("user", self.told.users)

    @cached_property
    def groups(self) -> frozenset[str] | None:
        """The groups of the image; None when they are not known."""
        return self._accounts("group", self.told.groups)

    def _accounts(self, kind: str, told: tuple[str, ...] | None) -> frozenset[str] | None:
        found = {
            what[len(kind) + 1 : -1]
            for what, names in self.provided.items()
            if what.startswith(f"{kind}(") and self.installed_ones(names)
        }
        return frozenset({*told, *found, "root"}) if told is not None else None

    def installed_ones(self, names: Iterable[str]) -> list[str]:
        """Those packages that the image has; the image itself is ``""``."""
        return [name for name in names if name == "" or name in self.installed]

    def resolve(self, spec: str) -> tuple[str, ...]:
        """The packages that are meant by what is given to dnf: name, name.arch, NEVRA, glob, provide, path."""
        if spec in self.packages:
            return (spec,)
        if spec.startswith("/"):
            return tuple(name for name in self.owners.get(canonical(spec), ()) if name)
        if spec in self.provided:
            return self.provided[spec]
        if any(char in spec for char in "*?["):
            return tuple(name for name in sorted(self.packages) if fnmatch.fnmatchcase(name, spec))
        stem, _, arch = spec.rpartition(".")
        if stem in self.packages and arch in ("x86_64", "aarch64", "noarch", "i686"):
            return (stem,)
        parts = spec.split("-")
        for end in range(len(parts) - 1, 0, -1):
            name = "-".join(parts[:end])
            version = "-".join(parts[end:])
            if name in self.packages and version[:1].isdigit() and len(parts) - end <= 2:
                return (name,)
        return ()

    def closure(self, names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        """What dnf installs for packages: those it surely does, and those it may (alternatives, weak dependencies)."""
        sure: set[str] = set()
        maybe: set[str] = set()
        waiting = [(name, True) for name in names]
        while waiting:
            name, certain = waiting.pop()
            if name in sure or (not certain and name in maybe) or name not in self.packages:
                continue
            (sure if certain else maybe).add(name)
            package = self.packages[name]
            for needed, weak in _dependencies(package):
                providers = self.resolve(needed)
                if not self.installed_ones(providers):
                    waiting += [(one, certain and not weak and len(providers) == 1) for one in providers]
        return frozenset(sure), frozenset(maybe - sure)


def _dependencies(package: Package) -> Iterator[tuple[str, bool]]:
    for needed in package.requires:
        if needed.startswith("("):  # rich: any of the names in it may come
            yield from ((word, True) for word in needed.strip("()").split() if word[0].isalnum())
        else:
            yield needed, False
    yield from ((needed, True) for needed in package.recommends)


def module_of(path: str) -> str:
    """The Python module that a file or folder is; empty when it is none."""
    parts = path.split("/")
    if len(parts) < 5 or (parts[1:3] != ["usr", "lib"] and parts[1:3] != ["usr", "lib64"]):
        return ""
    if parts[3].startswith("python3"):
        below = parts[4:]
        if below[0] in MODULE_PARENTS:
            below = below[1:]
        elif "." not in parts[3]:
            return ""
        if below:
            name = below[0].split(".", 1)[0]
            plain = "." not in below[0] or below[0].endswith((".py", ".so", ".pyc"))
            return name if plain and name.isidentifier() and name != "__pycache__" else ""
    return ""
