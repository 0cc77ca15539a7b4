"""Conditions of Ansible's tasks on facts of the system, as tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.check.step import UNDECIDED, All, Fixed, Not, Os, Some

if TYPE_CHECKING:
    from boatyard.check.step import Test

FACT = re.compile(
    r"""^(?:ansible_facts\[['"](\w+)['"]\]|ansible_facts\.(\w+)|ansible_(\w+))\s*(==|!=|in|not\s+in)\s*(.+)$""",
    re.DOTALL,
)
FAMILIES = {"redhat": "dnf", "debian": "apt", "suse": "zypper", "alpine": "apk", "archlinux": "pacman"}


def condition(text: str) -> Test:
    """A condition on facts of the system as a test; everything else is undecided."""
    text = text.strip()
    if re.search(r"\sor\s", text):
        return Some(tuple(condition(part) for part in re.split(r"\sor\s", text)))
    if re.search(r"\sand\s", text):
        return All(tuple(condition(part) for part in re.split(r"\sand\s", text)))
    found = FACT.match(text.strip("() "))
    if found is None:
        return Fixed(False) if text.lower() in ("false", "no") else Fixed(True) if text.lower() == "true" else UNDECIDED
    fact, operator = found[1] or found[2] or found[3], found[4]
    values = tuple(one.lower() for one in re.findall(r"['\"]([^'\"]+)['\"]", found[5]))
    if not values or fact not in ("os_family", "distribution", "pkg_mgr"):
        return UNDECIDED
    if fact == "pkg_mgr":
        values = tuple("dnf" if one in ("dnf", "dnf5", "yum") else one for one in values)
        test: Test = Os("manager", values)
    elif fact == "os_family":
        test = Os("manager", tuple(FAMILIES.get(one, "?") for one in values))
    else:
        test = Os("ID", tuple(one.split()[0] for one in values))
    return Not(test) if operator in ("!=",) or operator.startswith("not") else test
