"""The archives of a component: those of its upstream `sources` file, and those its configuration adds or replaces.

Order of the azldev format: a file of `sources` comes from the lookaside cache; a file of `source-files` from there,
then from its `origin`, unless the distribution disables origins. Each has a digest, and is kept only if that is right.
A file of which upstream knows the MD5 only is taken by the SHA-512 that was locked with it.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError, TrustError
from boatyard.config.model.component import UpstreamSpec
from boatyard.config.model.source_file import CustomOrigin, DownloadOrigin, OverlayOrigin
from boatyard.flow.source_script import ScriptMeans, make_archive
from boatyard.graph.local import run_all
from boatyard.ports.folder import Folder
from boatyard.render.sources_file import NAME as SOURCES
from boatyard.render.sources_file import parse_sources
from boatyard.sources.upstream.archive import DIGITS, digest_of
from boatyard.sources.upstream.lock import load_pins
from boatyard.sources.upstream.template import fill_template
from boatyard.spec.text import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boatyard.config.model.component import Component
    from boatyard.config.model.source_file import SourceFile
    from boatyard.flow.upstream import Upstream
    from boatyard.render.sources_file import SourceEntry

CONNECTIONS = 4
_PLAIN = re.compile(r"[ -.0-\[\]-~]{1,200}")  # printable ASCII but for slash and backslash


@dataclass(frozen=True, slots=True)
class WantedArchive:
    """A file to be fetched. `digest` of the `kind` MD5, SHA256 or SHA512; `urls` in the order they are asked."""

    name: str
    kind: str
    digest: str
    urls: tuple[str, ...]


def lay_out_archives(upstream: Upstream, component: Component, tree: Path) -> None:
    """Copies the archives of a component into its tree, and makes those that scripts make.

    A file that is there already must have the right digest.
    """
    with Folder(tree) as folder:
        there = folder.kind(SOURCES) == "file"
        wanted = plan_archives(upstream, component, folder.read(SOURCES) if there else b"")
        missing = []
        for archive in wanted:
            if folder.kind(archive.name) == "":
                missing.append(archive)
            elif folder.kind(archive.name) != "file" or not _is_right(archive, tree / archive.name):
                raise TrustError(
                    f"{component.name}: {archive.name} lies beside the spec and is not the file that `sources` names",
                    hint="one of the two has to go: add the file by `source-files`, or by an overlay",
                )
    pins = load_pins(upstream.locks, component.name)
    for archive, path in zip(missing, fetch_archives(upstream, component, missing, pins), strict=True):
        shutil.copyfile(path, tree / archive.name)
    for file in component.source_files:
        if isinstance(file.origin, CustomOrigin):
            if file.origin.network and upstream.dist_git.offline:
                raise SourceError(
                    f"{component.name}: {file.filename} is made by a script that asks {', '.join(file.origin.network)}",
                    hint="run it without --offline",
                )
            means = upstream.scripts or ScriptMeans(upstream.dist_git.run)
            make_archive(component, file, file.origin, tree, means)


def fetch_archives(
    upstream: Upstream, component: Component, wanted: Sequence[WantedArchive], pins: Mapping[str, str]
) -> list[Path]:
    """The archives, from the store or the first address that has them; `pins`: SHA-512 by MD5."""

    def fetch(archive: WantedArchive) -> Path:
        kind, digest = archive.kind, archive.digest
        if kind == "MD5":
            kind, digest = "SHA512", pins.get(digest.lower(), "")
            if not digest:
                raise TrustError(
                    f"{component.name}: only the MD5 of {archive.name} is known, which anyone can forge",
                    hint=f"`boatyard component update --force-recalculate {component.name}` locks its SHA-512",
                )
        return upstream.archives.fetch(archive.name, archive.urls, kind, digest)

    return run_all(fetch, wanted, workers=CONNECTIONS)


def plan_archives(upstream: Upstream, component: Component, sources: bytes) -> tuple[WantedArchive, ...]:
    """What to fetch for a component, given the content of its upstream `sources` file.

    BuildError for a malformed file; SourceError for a name that is no file name or a digest that cannot be checked.
    """
    wanted = [_of_sources(upstream, component, entry) for entry in _entries(component, sources)]
    for file in component.source_files:
        if isinstance(file.origin, DownloadOrigin):
            wanted.append(_of_project(upstream, component, file, file.origin))
    return tuple(wanted)


def weak_archives(upstream: Upstream, component: Component, sources: bytes) -> tuple[WantedArchive, ...]:
    """Those of an upstream `sources` file that are known by their MD5 only."""
    weak = [entry for entry in _entries(component, sources) if entry.hash_type == "MD5"]
    return tuple(_of_sources(upstream, component, entry) for entry in weak)


def _entries(component: Component, sources: bytes) -> list[SourceEntry]:
    """The files of `sources` that the project does not bring along itself."""
    own = {file.filename for file in component.source_files if not isinstance(file.origin, OverlayOrigin)}
    return [entry for _, entry in parse_sources(decode(sources)).values() if entry.file not in own]


def _of_sources(upstream: Upstream, component: Component, entry: SourceEntry) -> WantedArchive:
    if not _PLAIN.fullmatch(entry.file) or entry.file in (".", "..") or entry.file.lower() == ".git":
        raise SourceError(f"{component.name}: {entry.file!r} in `sources` is no plain file name")
    if len(entry.digest) != DIGITS.get(entry.hash_type):
        raise SourceError(
            f"{component.name}: the digest of {entry.file} in `sources` cannot be checked",
            detail=str(entry)[:300],
            hint=f"digests are {', '.join(DIGITS)}; replace the file by `source-files`",
        )
    urls = _lookaside(upstream, component, entry.file, entry.hash_type, entry.digest)
    return WantedArchive(entry.file, entry.hash_type, entry.digest, urls)


def _of_project(upstream: Upstream, component: Component, file: SourceFile, origin: DownloadOrigin) -> WantedArchive:
    if not file.hash or not file.hash_type:
        raise SourceError(
            f"{component.name}: source file {file.filename} has no hash",
            hint="add `hash` and `hash-type` (SHA256 or SHA512); nothing is taken unchecked",
        )
    urls = _lookaside(upstream, component, file.filename, file.hash_type, file.hash)
    if not upstream.distro(component).disable_origins:
        urls = (*urls, origin.uri)
    return WantedArchive(file.filename, file.hash_type, file.hash, urls)


def _lookaside(upstream: Upstream, component: Component, name: str, kind: str, digest: str) -> tuple[str, ...]:
    spec = component.spec
    package = (spec.upstream_name if isinstance(spec, UpstreamSpec) else "") or component.name
    templates = (*upstream.lookasides, upstream.distro(component).lookaside_base_uri)
    return tuple(
        fill_template(template, pkg=package, filename=name, hashtype=kind, hash=digest)
        for template in templates
        if template
    )


def _is_right(archive: WantedArchive, path: Path) -> bool:
    return digest_of(path, archive.kind) == archive.digest.lower()
