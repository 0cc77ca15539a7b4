"""Makes the source tree of a seed component: a generated spec and the payload of its .debs.

    tree = write_source_tree(lock, debs, seed, rules, Path("work/trees/bash"))

The tree's key is known without reading a .deb (`tree_key`), so what is unchanged is not made again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.artifact.source_tree import DEFAULT_EPOCH, SourceTree
from boatyard.base.digest import fingerprint
from boatyard.base.error import ConfigError, SourceError, did_you_mean
from boatyard.config.model.seed import PackageRules
from boatyard.ports.files import replacing_dir
from boatyard.sources.deb.archive import read_deb
from boatyard.sources.deb.capability import capabilities
from boatyard.sources.deb.capture import captures, fill_in
from boatyard.sources.deb.naming import parse_relations, requirements, rpm_evr, rpm_name
from boatyard.sources.deb.payload import merge_files, write_payload
from boatyard.sources.deb.rules import apply_rules, package_filter
from boatyard.sources.deb.spec import PAYLOAD, SpecPlan, Subpackage, render_spec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.base.nevra import Evr
    from boatyard.config.model.seed import Seed, SeedRules
    from boatyard.sources.deb.archive import Deb
    from boatyard.sources.deb.lock import DebLock

GENERATOR = 5  # raised when the same .debs and rules give another tree
UNKNOWN_LICENSE = "LicenseRef-Debian-copyright"
MAX_LICENSES = 8
URL = re.compile(r"https?://[!-~]+")
LICENSE_LINE = re.compile(r"^License:[ \t]*([A-Za-z0-9][A-Za-z0-9.+ -]*)$", re.MULTILINE)


def tree_key(lock: DebLock, seed: Seed, rules: SeedRules) -> str:
    """Identifies the tree that `write_source_tree` makes; equal keys, equal trees."""
    return fingerprint([GENERATOR, lock, seed, rules])


def write_source_tree(lock: DebLock, debs: Mapping[str, Path], seed: Seed, rules: SeedRules, into: Path) -> SourceTree:
    """Writes `<component>.spec` and the payload into the folder `into`, which appears whole or not at all.

    `debs`: the verified file of every package of the lock. SourceError for a .deb that is not sound, ConfigError for
    a rule that names what is not there.
    """
    names = {deb.package: rpm_name(deb.package, seed) for deb in lock.debs}
    _check_names(lock.component, names, rules)
    read = {}
    for package in sorted(names):
        read[package] = read_deb(debs[package], package_filter(_rules_of(names[package], rules), seed))
    plan = plan_spec(lock, read, seed, rules)
    entries = merge_files({package.name: package.files for package in plan.subpackages})
    spec = f"{lock.component}.spec"
    with replacing_dir(into) as folder:
        write_payload(entries, folder / PAYLOAD)
        (folder / spec).write_text(render_spec(plan), encoding="utf-8")
    return SourceTree(
        component=lock.component,
        dir=into,
        spec=spec,
        key=tree_key(lock, seed, rules),
        epoch=max((entry.mtime for entry in entries), default=DEFAULT_EPOCH),
    )


def plan_spec(lock: DebLock, debs: Mapping[str, Deb], seed: Seed, rules: SeedRules) -> SpecPlan:
    """What the spec of a component says, from the content of its .debs by package name."""
    evrs = {package: rpm_evr(deb.control["Version"]) for package, deb in debs.items()}
    subpackages = tuple(_plan_subpackage(package, debs[package], evrs, seed, rules) for package in sorted(debs))
    return SpecPlan(
        name=lock.component,
        source=lock.source,
        evr=rpm_evr(lock.version),
        license=rules.license or _license(debs),
        url=next((url for deb in debs.values() if URL.fullmatch(url := deb.control.get("Homepage", ""))), ""),
        exclude_requires=seed.exclude_requires,
        subpackages=subpackages,
    )


def _plan_subpackage(package: str, deb: Deb, evrs: dict[str, Evr], seed: Seed, rules: SeedRules) -> Subpackage:
    name = rpm_name(package, seed)
    own = _rules_of(name, rules)
    summary, _, description = deb.control.get("Description", name).partition("\n")
    dropped = (*seed.drop_dependencies, *own.drop_dependencies)
    depends = ", ".join(deb.control[key] for key in ("Pre-Depends", "Depends") if deb.control.get(key))
    try:
        required = tuple(requirements(depends, dropped, evrs))
        provided = [one for group in parse_relations(deb.control.get("Provides", "")) for one in group]
    except ValueError as error:
        raise SourceError(f"{package}: {error}") from error
    evr = evrs[package]
    requires = (*(need for need in seed.requires if need != name), *required, *own.requires)
    files = apply_rules(deb, own, seed, f"subpackage {name}")
    tags = [
        ("Provides", f"deb({package}) = {evr}"),
        *(("Provides", f"deb({one.name})") for one in provided),
        *(("Provides", text) for text in capabilities(files)),
        *(("Provides", text) for text in own.provides),
        *(("Requires", text) for text in dict.fromkeys(requires)),
        *(("Recommends", text) for text in own.recommends),
        *(("Conflicts", text) for text in own.conflicts),
        *(("Obsoletes", text) for text in own.obsoletes),
    ]
    captured = captures(own, files, f"subpackage {name}")
    return Subpackage(
        name=name,
        evr=evr,
        noarch=deb.control.get("Architecture") == "all",
        summary=summary,
        description="\n".join("" if line.strip() == "." else line for line in description.splitlines()),
        tags=tuple(tags),
        scriptlets=tuple((word, fill_in(script, captured)) for word, script in own.scriptlets.items()),
        triggers=own.triggers,
        files=files,
    )


def _rules_of(name: str, rules: SeedRules) -> PackageRules:
    return rules.packages.get(name, PackageRules())


def _check_names(component: str, names: dict[str, str], rules: SeedRules) -> None:
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    if twice:
        raise ConfigError(
            f"{component}: several .debs would become {', '.join(sorted(twice))}", hint="see names of the seed"
        )
    for name in rules.packages:
        if name not in names.values():
            raise ConfigError(
                f"{component}: rules for the subpackage {name}, which it does not have",
                hint=did_you_mean(name, names.values()),
            )


def _license(debs: Mapping[str, Deb]) -> str:
    """The short names that Debian's machine-readable copyright file uses (DEP-5), or a reference to the file."""
    for deb in debs.values():
        for entry in deb.entries:
            text = entry.data[: 1 << 20].decode("utf-8", "replace") if entry.path.endswith("/copyright") else ""
            if "copyright-format" in text[:500]:
                found = list(dict.fromkeys(match.strip() for match in LICENSE_LINE.findall(text)))
                if found:
                    return " and ".join(f"({name})" if " " in name else name for name in found[:MAX_LICENSES])
    return UNKNOWN_LICENSE
