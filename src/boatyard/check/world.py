"""What exists at a point of a deployment: the image's facts, and what was installed, made and removed until then."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from boatyard.check.facts import canonical
from boatyard.check.facts_file import LEFT_OUT
from boatyard.check.rename import ALIASED
from boatyard.check.shell.builtin import BUILTINS
from boatyard.check.shell.effect import PATH_DIRS, unit_name
from boatyard.check.shell.package_manager import FOREIGN
from boatyard.check.step import (
    UNKNOWN,
    All,
    Exists,
    Fixed,
    HasFile,
    HasPackage,
    HasUnit,
    Kind,
    Not,
    Os,
    Some,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.check.facts import Facts
    from boatyard.check.step import Test

# Files by which scripts tell distributions apart; one that no package has is not there.
RELEASE_FILE = {"/etc/debian_version", "/etc/redhat-release", "/etc/fedora-release", "/etc/centos-release",
                "/etc/alpine-release", "/etc/arch-release", "/etc/SuSE-release", "/etc/gentoo-release",
                "/etc/lsb-release",
                "/etc/system-release", "/etc/oracle-release", "/etc/rocky-release", "/etc/almalinux-release",
                "/etc/azurelinux-release", "/etc/mariner-release", "/etc/apt/sources.list", "/etc/apt"}  # fmt: skip
FOREIGN_IDS = {
    "dnf": ("debian", "ubuntu", "linuxmint", "raspbian", "kali", "alpine", "arch", "archlinux", "manjaro", "opensuse",
            "suse", "sles", "gentoo", "devuan", "pop", "elementary", "neon", "nixos", "void"),
    "apt": ("fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn", "azurelinux", "mariner", "alpine", "arch",
            "opensuse", "suse", "sles", "gentoo", "redhat"),
}  # fmt: skip
SYSTEM_MANAGERS = ("apt", "apk", "zypper", "pacman")
PACKAGED_DIRS = ("/usr/bin", "/usr/sbin")
Key = TypeVar("Key")


@dataclass
class World:
    """`packages`, `made`: True for what is surely there now, False for what may be. `clouds`: see `step.Cloud`.

    `assumed`: commands that a test has found, or not found, on this way.
    """

    facts: Facts
    packages: dict[str, bool] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    made: dict[tuple[Kind, str], bool] = field(default_factory=dict)
    clouds: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, bool] = field(default_factory=dict)

    def copy(self) -> World:
        return World(
            self.facts,
            dict(self.packages),
            set(self.removed),
            dict(self.made),
            dict(self.clouds),
            dict(self.assumed),
        )

    def become(self, one: World, other: World) -> None:
        """The state after one of two ways was gone."""
        self.packages = _join(one.packages, other.packages)
        for name in one.removed ^ other.removed:
            self.packages[name] = False
        self.removed = one.removed | other.removed
        made = _join(one.made, other.made)
        for name in {*one.assumed, *other.assumed}:
            left, right = one.has(Kind.COMMAND, name), other.has(Kind.COMMAND, name)
            if left or right:
                made[(Kind.COMMAND, name)] = bool(left and right)
        self.made = made
        self.clouds = one.clouds | other.clouds
        self.assumed = {name: value for name, value in one.assumed.items() if other.assumed.get(name) is value}

    def has(self, kind: Kind, name: str) -> bool | None:
        """Whether something is there; None when nobody knows."""
        if UNKNOWN in name:
            return None
        if kind is Kind.COMMAND:
            return self._command(name)
        if kind is Kind.FILE:
            return self._file(name)
        if kind is Kind.SERVICE:
            return self._service(unit_name(name))
        if kind is Kind.MODULE:
            return self._module(name)
        if kind is Kind.PACKAGE:
            return self._owned([name])
        return self._account(kind, name)

    def why_unknown(self, kind: Kind, name: str) -> str:
        """Why nobody knows whether something is there."""
        if UNKNOWN in name:
            return "its name is known only when it runs"
        if kind is Kind.COMMAND and name.startswith(("./", "../", "~")):
            return "it is a file of the deployment, or of a user"
        for what in ("anything", "names", "installable", "module" if kind is Kind.MODULE else "", "user"):
            if what in self.clouds:
                return self.clouds[what]
        if (kind in (Kind.USER, Kind.GROUP)) and self.facts.users is None:
            return "the accounts of the image are not known"
        if not self.facts.complete:
            return "the files of some packages of the image are not known"
        if self.made.get((kind, name)) is False or any(not sure for sure in self.packages.values()):
            return "it is there on some ways through the file only"
        return "no package has it, and it may be made while the system runs"

    def providers(self, kind: Kind, name: str) -> tuple[str, ...]:
        """The packages, installed or not, that have something."""
        facts = self.facts
        if kind is Kind.COMMAND:
            names = facts.owners.get(canonical(name), ()) if name.startswith("/") else facts.commands.get(name, ())
        elif kind is Kind.FILE:
            names = facts.owners.get(canonical(name), ())
        elif kind is Kind.SERVICE:
            names = facts.services.get(unit_name(name), ())
        elif kind is Kind.MODULE:
            names = facts.modules.get(name, ())
        elif kind is Kind.PACKAGE:
            names = facts.resolve(name)
        else:
            names = facts.provided.get(f"{kind}({name})", ())
        return names

    def _owned(self, names: Iterable[str]) -> bool | None:
        """Whether one of some packages is installed; the image's own files are of the package ``""``."""
        found: bool | None = False
        for name in names:
            if name == "" or self.packages.get(name) or (
                name in self.facts.installed and name not in self.removed and self.packages.get(name) is not False
            ):  # fmt: skip
                return True
            if name in self.packages and name not in self.removed:
                found = None
        return found

    def _clouded(self, providers: Iterable[str], *others: str) -> bool | None:
        """None when something may have brought what no package here has, else False."""
        if "anything" in self.clouds or "names" in self.clouds or ("installable" in self.clouds and any(providers)):
            return None
        return None if any(other in self.clouds for other in others) else False

    def _command(self, name: str) -> bool | None:
        if name in self.assumed:
            return self.assumed[name]
        if name in BUILTINS or self.made.get((Kind.COMMAND, name)):
            return True
        if "/" in name:
            return self._path(name)
        providers = self.providers(Kind.COMMAND, name)
        owned = self._owned(providers)
        if owned:
            return True
        if owned is None or (Kind.COMMAND, name) in self.made or not self.facts.complete:
            return None
        if FOREIGN.get(name) in SYSTEM_MANAGERS and not providers:
            return False  # nothing brings another distribution's own package manager along
        return self._clouded(providers)

    def _path(self, path: str) -> bool | None:
        """A command by its path: sure only where packages put commands."""
        if not path.startswith("/"):
            return None
        owned = self._owned(self.providers(Kind.COMMAND, path))
        if owned or self.made.get((Kind.FILE, path)):
            return True
        folder, base = posixpath.split(canonical(path))
        if owned is None or (Kind.FILE, path) in self.made or not self.facts.complete:
            return None
        if folder in PACKAGED_DIRS and self.made.get((Kind.COMMAND, base)) is None:
            return self._clouded(self.providers(Kind.COMMAND, path))
        if folder in PATH_DIRS and self.made.get((Kind.COMMAND, base)):
            return True
        return self._clouded(()) if self.providers(Kind.COMMAND, path) else None

    def _file(self, path: str) -> bool | None:
        if self.made.get((Kind.FILE, path)):
            return True
        owned = self._owned(self.providers(Kind.FILE, path))
        if owned:
            return True
        if owned is None or not self.facts.complete or LEFT_OUT.match(canonical(path)):
            return None
        if canonical(path) in RELEASE_FILE:
            return False
        folder = posixpath.dirname(canonical(path))
        if self.providers(Kind.FILE, path) or folder in PACKAGED_DIRS:
            return self._clouded(self.providers(Kind.FILE, path))
        return None

    def _service(self, unit: str) -> bool | None:
        stem, _, suffix = unit.rpartition(".")
        template = f"{stem.split('@')[0]}@.{suffix}"
        names = [unit, template] if "@" in stem else [unit]
        providers = [one for name in names for one in self.facts.services.get(name, ())]
        owned = self._owned(providers)
        if owned or any(self.made.get((Kind.SERVICE, name)) for name in names):
            return True
        if owned is None or not self.facts.complete or any((Kind.SERVICE, name) in self.made for name in names):
            return None
        for pair in ALIASED:
            other = pair[1 - pair.index(stem)] if stem in pair else ""
            if other and self._owned(self.facts.services.get(f"{other}.{suffix}", ())) is not False:
                return None
        if stem.startswith("dbus-org.") or suffix in ("mount", "swap", "slice", "scope"):
            return None
        return self._clouded(providers)

    def _module(self, name: str) -> bool | None:
        if self.made.get((Kind.MODULE, name)):
            return True
        providers = self.providers(Kind.MODULE, name)
        owned = self._owned(providers)
        if owned:
            return True
        if not providers and name in sys.stdlib_module_names:
            return True  # compiled into the interpreter: no package has a file of it
        if owned is None or (Kind.MODULE, name) in self.made or not self.facts.complete:
            return None
        return self._clouded(providers, "module")

    def _account(self, kind: Kind, name: str) -> bool | None:
        if name.isdecimal() or self.made.get((kind, name)):
            return True
        known = self.facts.users if kind is Kind.USER else self.facts.groups
        owned = self._owned(self.providers(kind, name))
        if owned or (known is not None and name in known):
            return True
        if known is None or owned is None or (kind, name) in self.made or any(self.packages):
            return None  # packages make accounts, and not all of them say so
        return self._clouded(self.providers(kind, name), "user")

    def decide(self, test: Test) -> bool | None:
        """What a test gives; None when nobody knows."""
        match test:
            case Exists():
                return self.has(Kind.COMMAND, test.need.name)
            case HasFile():
                if posixpath.dirname(canonical(test.path)) in PACKAGED_DIRS:
                    return self._path(test.path)
                found = self._file(test.path)
                return found if found is not False or canonical(test.path) in RELEASE_FILE else None
            case HasUnit():
                return None if self.has(Kind.SERVICE, test.name) is not False else False
            case HasPackage():
                return self._owned([test.name]) if test.name in self.facts.packages or test.name else None
            case Os():
                return self._os(test)
            case Fixed():
                return test.value
            case Not():
                inner = self.decide(test.test)
                return None if inner is None else not inner
            case All() | Some():
                wanted = isinstance(test, All)
                found_values = [self.decide(one) for one in test.tests]
                if (not wanted) in found_values:
                    return not wanted
                return wanted if all(value is wanted for value in found_values) else None

    def _os(self, test: Os) -> bool | None:
        told = self.facts.told.os_release
        if test.field == "manager":
            return self.facts.manager in test.patterns if self.facts.manager else None
        if told and test.field == "text":
            content = " ".join(told.values()).lower()
            return any(pattern.lower() in content for pattern in test.patterns)
        if told:
            value = told.get(test.field, "")
            return any(fnmatch.fnmatchcase(value.lower(), pattern.lower()) for pattern in test.patterns)
        if any(pattern == "*" for pattern in test.patterns):
            return True
        foreign = FOREIGN_IDS.get(self.facts.manager, ())
        words = [re.findall(r"[a-z]+", pattern.lower()) for pattern in test.patterns]
        return False if words and all(any(one in foreign for one in found) for found in words) else None

    def assume(self, test: Test, value: bool) -> None:
        """Goes on in the knowledge that a test gave a value."""
        match test:
            case Exists():
                self.assumed[test.need.name] = value
            case HasFile() if value:
                self.made[(Kind.FILE, test.path)] = True
                if posixpath.dirname(test.path) in PATH_DIRS:
                    self.made[(Kind.COMMAND, posixpath.basename(test.path))] = True
            case HasPackage() if value:
                self.packages[test.name] = True
            case Not():
                self.assume(test.test, not value)
            case All() if value:
                for one in test.tests:
                    self.assume(one, True)
            case Some() if not value:
                for one in test.tests:
                    self.assume(one, False)
            case _:
                pass


def _join(one: dict[Key, bool], other: dict[Key, bool]) -> dict[Key, bool]:
    return {key: one.get(key, False) and other.get(key, False) for key in {*one, *other}}
