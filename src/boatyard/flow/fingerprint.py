"""The fingerprint of all that decides what a component becomes: its lock changes when, and only when, this does.

Counted: the upstream commit or the content of the local spec's folder, the manual bump, `release-ver` of the upstream
distribution, and all of the component's configuration but for NOT_COUNTED, with the content of each file it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.digest import fingerprint, sha256_file
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.config.model.source_file import CustomOrigin
from boatyard.flow.source import overlay_inputs
from boatyard.sources.upstream.lock import OWN

if TYPE_CHECKING:
    from pathlib import Path

    import msgspec

    from boatyard.config.model.component import Component
    from boatyard.config.model.source_file import SourceFile

# Words for people, places where the same content is had, and what becomes of finished packages.
NOT_COUNTED = {
    "component": ("file", "groups", "overlay_files", "packages", "publish", "seed"),
    "build": ("failure", "hints"),
    "check": ("skip_reason",),
    "source_file": ("replace_reason",),
}


def input_fingerprint(component: Component, identity: str, bump: int, release_ver: str) -> str:
    """The token for the lock. `identity`: the upstream commit, or the digest of a local spec's folder.

    Tokens begin with OWN, so that none is taken for azldev's. A file that is not there counts as empty; it is told when
    the sources are prepared.
    """
    spec, build = component.spec, component.build
    beside = spec.path.parent if isinstance(spec, LocalSpec) else component.file.parent
    counted = {
        "name": component.name,
        "identity": identity,
        "manual_bump": bump,
        "release_ver": release_ver,
        "spec": [spec.upstream_name] if isinstance(spec, UpstreamSpec) else [],
        "release": component.release,
        "overlays": overlay_inputs(component),
        "build": _without(build, "build") | {"check": _without(build.check, "check")},
        "render": component.render,
        "source_files": [_source_file(file, beside) for file in component.source_files],
    }
    return f"{OWN}{fingerprint(counted)}"


def _without(table: msgspec.Struct, kind: str) -> dict[str, object]:
    return {name: getattr(table, name) for name in table.__struct_fields__ if name not in NOT_COUNTED[kind]}


def _source_file(file: SourceFile, beside: Path) -> dict[str, object]:
    counted = _without(file, "source_file") | {"hash": file.hash.lower(), "origin": ""}
    if isinstance(file.origin, CustomOrigin):
        names = (file.origin.script, *file.origin.inputs)
        origin: list[object] = [file.origin.mock_packages, [[name, _digest(beside / name)] for name in names]]
        counted["origin"] = [*origin, file.origin.network] if file.origin.network else origin
    elif not file.hash:
        counted["origin"] = file.origin
    return counted


def _digest(path: Path) -> str:
    return sha256_file(path) if path.is_file() else ""
