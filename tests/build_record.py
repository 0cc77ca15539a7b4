"""Results and ledgers of builds as values, for tests of what is told about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.build_ledger import BuildEntry
from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile, UsedPackage
from boatyard.base.digest import sha256_bytes
from boatyard.base.nevra import Evr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARCH = "x86_64"


def used(name: str, build: str = "1", *, interface: str = "i", component: str | None = None) -> UsedPackage:
    """A package; `build` makes up its content, `interface` what builds see."""
    return UsedPackage(
        name=name,
        evr=Evr("1", build),
        arch=ARCH,
        sha256=sha256_bytes(f"{name} {build}".encode()),
        interface=sha256_bytes(f"{name} {interface}".encode()),
        payload=sha256_bytes(f"{name} {build}".encode()),
        component=name.removesuffix("-devel") if component is None else component,
    )


def result(
    component: str,
    build: str = "1",
    *,
    leaves: Mapping[str, str] | None = None,
    environment: Sequence[UsedPackage] = (),
    names: Sequence[str] = (),
) -> BuildResult:
    """A result whose packages are those that `used` gives for the same `build`."""
    rpms = tuple(
        RpmFile(
            path=Path(f"/{name}.rpm"),
            name=name,
            evr=Evr("1", build),
            arch=ARCH,
            size=1,
            sha256=used(name, build).sha256,
        )
        for name in (names or (component, f"{component}-devel"))
    )
    inputs = BuildInputs(definition=dict(leaves or {"spec": "s1"}), environment=tuple(environment))
    return BuildResult(component=component, key=f"{component} {build}", rpms=rpms, seconds=1.0, inputs=inputs)


@dataclass
class Ledger:
    """Entries by component; a function of a component's name like the one on disk."""

    entries: dict[str, BuildEntry] = field(default_factory=dict)

    def add(self, latest: BuildResult, before: BuildResult | None = None, **rest: object) -> Ledger:
        name = latest.component
        self.entries[name] = BuildEntry(component=name, arch=ARCH, latest=latest, before=before, **rest)  # type: ignore[arg-type]
        return self

    def __call__(self, component: str) -> BuildEntry | None:
        return self.entries.get(component)
