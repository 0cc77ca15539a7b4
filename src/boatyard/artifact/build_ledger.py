"""What each component was last made from, and the time before: `<folder>/<component>.<arch>.json`, one for each.

A ledger only explains. It may be removed, or be damaged, without anything being built again for that.
"""

from pathlib import Path

from boatyard.artifact.build_result import BuildInputs, BuildResult
from boatyard.artifact.codec import Artifact, find_sealed, save_sealed
from boatyard.base.error import ConfigError


class BuildEntry(Artifact, frozen=True):
    """`latest`: the result in use; `before`: the one in use before, with another key.

    `reused`: whether the last run found the result ready; `seen`: what that run would have built it from, which differs
    from `latest.inputs` where a package was rebuilt and looks the same.
    """

    component: str
    arch: str
    latest: BuildResult
    before: BuildResult | None = None
    reused: bool = False
    seen: BuildInputs | None = None


def record_result(
    folder: Path, arch: str, result: BuildResult, *, reused: bool, seen: BuildInputs | None = None
) -> BuildEntry:
    """Writes down the result that a run built or reused; gives the new entry. `seen`: the inputs of this run."""
    old = read_entry(folder, result.component, arch)
    before = None
    if old is not None:
        before = old.before if old.latest.key == result.key else old.latest
    entry = BuildEntry(
        component=result.component,
        arch=arch,
        latest=result,
        before=before,
        reused=reused,
        seen=seen if reused else None,
    )
    if entry != old:
        save_sealed(entry, _path(folder, result.component, arch))
    return entry


def read_entry(folder: Path, component: str, arch: str) -> BuildEntry | None:
    """The entry of a component; None when it was never built here, or its entry is damaged."""
    entry = find_sealed(BuildEntry, _path(folder, component, arch))
    return entry if entry is not None and (entry.component, entry.arch) == (component, arch) else None


def _path(folder: Path, component: str, arch: str) -> Path:
    if "/" in component or "\0" in component:
        raise ConfigError(f"{component!r} cannot be the name of a component")
    return folder / f"{component}.{arch}.json"
