"""What to do about a finding. Nothing is suggested that the image or its repositories do not have."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from boatyard.check.rename import commands_like, packages_for, services_like
from boatyard.check.shell.effect import unit_name
from boatyard.check.step import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boatyard.check.facts import Facts
    from boatyard.check.step import Need

INSTALLS = {"dnf": "dnf install -y", "apt": "apt-get install -y", "zypper": "zypper --non-interactive install",
            "apk": "apk add", "pacman": "pacman -S --noconfirm"}  # fmt: skip
# From which likeness on a name may be a slip of another; below, `docker` would be `dosfsck`.
ALIKE = 0.75


def package_fix(packages: Sequence[str], facts: Facts) -> str:
    """How to install the first of some packages that have what is missing."""
    others = f" (or {', '.join(packages[1:4])})" if len(packages) > 1 else ""
    return f"{INSTALLS.get(facts.manager, 'install')} {packages[0]}{others}" if packages else ""


def command_fix(need: Need, facts: Facts) -> str:
    """What else does the work of a command that nothing has."""
    if need.kind is not Kind.COMMAND:
        return ""
    for other in commands_like(need.name):
        owners = facts.commands.get(other, ())
        if facts.installed_ones(owners):
            return f"the image has {other}"
    for other in commands_like(need.name):
        owners = facts.commands.get(other, ())
        if owners:
            return f"{other} does the same: {package_fix([name for name in owners if name], facts)}"
    return near(need.name, facts.commands)


def foreign_fix(name: str, packages: Sequence[str], facts: Facts) -> str:
    """The same installation with the image's own package manager, and which packages it does not have."""
    if not packages:
        other = next((one for one in commands_like(name) if facts.installed_ones(facts.commands.get(one, ()))), "")
        return f"use {other or facts.manager}"
    found: list[str] = []
    lost: list[str] = []
    for package in packages:
        here = packages_for(package, facts)
        found += [one for one in here if one not in found]
        lost += [] if here else [package]
    told = f"{INSTALLS.get(facts.manager, facts.manager)} {' '.join(found)}" if found else ""
    missing = f"no repository has {', '.join(lost)}" if lost else ""
    return "; ".join(part for part in (told, missing) if part).replace("\0", "…")


def service_fix(name: str, providers: Sequence[str], facts: Facts) -> str:
    """Which package has a unit, or what it is called here."""
    if providers:
        return package_fix(providers, facts)
    stem = name.removesuffix(".service")
    for other in services_like(stem):
        owners = facts.services.get(unit_name(other), ())
        if facts.installed_ones(owners):
            return f"it is called {other} here"
        if owners:
            return f"it is called {other} here: {package_fix(owners, facts)}"
    return near(stem, [unit.rsplit(".", 1)[0] for unit in facts.services])


def account_fix(kind: Kind, name: str, providers: Sequence[str], facts: Facts) -> str:
    """How an account comes to be."""
    if providers:
        return package_fix(providers, facts)
    return f"useradd --system {name}" if kind is Kind.USER else f"groupadd --system {name}"


def near(name: str, known: Iterable[str]) -> str:
    """What may have been meant: a name that begins alike and is about as long."""
    likely = sorted({one for one in known if one[:1] == name[:1] and abs(len(one) - len(name)) <= 2})
    found = difflib.get_close_matches(name, likely, n=1, cutoff=ALIKE) if len(name) > 3 else []
    return f"did you mean {found[0]!r}?" if found else ""
