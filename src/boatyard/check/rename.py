"""What packages, commands and units of other distributions are called where dnf is at home.

The names are in `data/rename.toml`; one is suggested only when the image or its repositories have it.
"""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.check.facts import Facts

TABLES = Path(__file__).parent / "data/rename.toml"
# Names that a unit has besides its own, as links made when it is enabled (`Alias=`).
ALIASED = (
    ("ssh", "sshd"), ("chrony", "chronyd"), ("cron", "crond"), ("walinuxagent", "waagent"), ("redis", "redis-server"),
    ("mysql", "mysqld"), ("mariadb", "mysql"), ("NetworkManager", "network-manager"),
)  # fmt: skip
LONGEST_NAME = 100
DEVEL = re.compile(r"^(lib)?(.+?)(\d[\d.]*)?-dev$")
PYTHON = re.compile(r"^python3?-(.+)$")


@functools.cache
def _tables() -> dict[str, dict[str, list[str]]]:
    with TABLES.open("rb") as stream:
        return tomllib.load(stream)


def commands_like(name: str) -> list[str]:
    """Commands that do the work of another one."""
    return _tables()["commands"].get(name, [])


def services_like(name: str) -> list[str]:
    """What a unit is called elsewhere, without its suffix."""
    return _tables()["services"].get(name, [])


def packages_for(name: str, facts: Facts) -> tuple[str, ...]:
    """What a package of another distribution is called here, verified; empty when nothing is found."""
    plain = name.split("=", 1)[0].split(":", 1)[0].split("/", 1)[0]
    if plain in facts.packages:
        return (plain,)
    if len(plain) > LONGEST_NAME:
        return ()
    known = tuple(one for one in _tables()["packages"].get(plain, ()) if one in facts.packages)
    if known:
        return known if plain == "build-essential" else known[:1]
    devel = DEVEL.match(plain)
    guesses = [f"lib{devel[2]}-devel", f"{devel[2]}-devel"] if devel else []
    module = PYTHON.match(plain)
    guesses += [f"python3-{module[1]}"] if module else []
    guesses += [plain.removesuffix("-utils"), re.sub(r"\d+$", "", plain)]
    found = [guess for guess in guesses if guess in facts.packages]
    if found:
        return tuple(found[:1])
    return tuple(one for one in facts.commands.get(plain, ()) if one)[:1]
