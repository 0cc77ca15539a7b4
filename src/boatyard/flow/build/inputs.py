"""Keys of builds: everything that goes in, so that equal keys give equal packages.

A build is keyed by its definition and by what it can see of each package in its buildroot; a strict build by all that
those packages install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.build_result import BuildInputs
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.build.rpmbuild import RECIPE, ROOT_MACROS
from boatyard.rpm.interface import used_package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile, UsedPackage
    from boatyard.flow.build.definition import Definition


def build_inputs(definition: Definition, environment: Iterable[UsedPackage], *, arch: str, backend: str) -> BuildInputs:
    """All that a build depends on; what its limits allow is not among it."""
    leaves = definition.leaves | {"architecture": arch, "back end": f"{backend} {RECIPE} {sha256_file(ROOT_MACROS)}"}
    return BuildInputs(definition=leaves, environment=tuple(sorted(environment, key=lambda used: used.name)))


def build_key(component: str, inputs: BuildInputs, *, strict: bool = False) -> str:
    """The key of a result. `strict`: a package counts by all it installs, not only by its interface."""
    packages = [[used.name, used.payload if strict else used.interface] for used in inputs.environment]
    return fingerprint(["build", component, inputs.definition, "payload" if strict else "interface", packages])


def requirements_key(definition: Definition, buildroot: Iterable[RpmFile], round_: int, *, arch: str) -> str:
    """The key of what a spec requires, which depends on its macros, and so on every package of the buildroot."""
    packages = sorted(rpm.sha256 for rpm in buildroot)
    return fingerprint(["requirements", RECIPE, definition.leaves, arch, round_, packages])


def used_packages(rpms: Iterable[RpmFile], owners: Mapping[str, str], cache: Path) -> list[UsedPackage]:
    """The packages of a buildroot with their digests. `owners`: the component of a package, by its SHA-256."""
    return [used_package(rpm, cache, owners.get(rpm.sha256, "")) for rpm in rpms]
