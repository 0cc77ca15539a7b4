"""Facts read from manifests and repodata, from files that users write, and kept between runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from boatyard.artifact.codec import load
from boatyard.artifact.image import Manifest
from boatyard.base.decodable import decodable
from boatyard.base.digest import fingerprint, sha256_bytes, sha256_file
from boatyard.base.error import ConfigError, NotFoundError, ToolError
from boatyard.check.facts import Facts, FactsFile, Package
from boatyard.ports.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

RECIPE = 1
MAX_BYTES = 256 << 20
DIGEST_BYTES = 64
# No deployment asks for them, and they are most of all files.
LEFT_OUT = re.compile(
    r"^/usr/(share/(doc|man|locale|licenses|info|help|icons|zoneinfo)|lib/(debug|\.build-id|modules)|src|include)/"
)
SELF = re.compile(r"^rpmlib\(")


def read_facts(path: Path) -> Facts:
    """The facts in a JSON file of the user's; ConfigError when it is no such file."""
    hint = "docs/reference/trial-check.md says what it must hold"
    try:
        if path.exists() and not path.is_file():  # a device may have no end
            raise ConfigError(f"{path} is not a plain file", hint=hint)
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is too long for a file of facts", hint=hint)
        return Facts(msgspec.json.decode(path.read_bytes(), type=decodable(FactsFile)))
    except FileNotFoundError:
        raise NotFoundError(f"{path} does not exist", hint="--facts names a file of facts") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not a file of facts: {error}", hint=hint) from None


def facts_of(manifest: Path, repositories: Sequence[Path], cache: Path) -> Facts:
    """The facts of an image by its manifest and the repositories it uses: folders with `repodata/`.

    They are kept below `cache`, by the digests of all that they come from.
    """
    digests = [sha256_file(manifest), *(sha256_file(repository / "repodata/repomd.xml") for repository in repositories)]
    kept = cache / f"{fingerprint([RECIPE, digests])[:32]}.msgpack"
    told = _find(kept)
    if told is None:
        told = _read(load(Manifest, manifest), repositories)
        data = msgspec.msgpack.encode(told)
        write_atomic(kept, sha256_bytes(data).encode() + data)
    return Facts(told)


def _find(path: Path) -> FactsFile | None:
    try:
        data = path.read_bytes()
        if sha256_bytes(data[DIGEST_BYTES:]).encode() != data[:DIGEST_BYTES]:
            return None
        return msgspec.msgpack.decode(data[DIGEST_BYTES:], type=decodable(FactsFile))
    except (OSError, msgspec.DecodeError):
        return None


def _read(manifest: Manifest, repositories: Sequence[Path]) -> FactsFile:
    """What a manifest lists with what repodata says of it; a package of another version stands in for a missing one."""
    installed = {row.name: row.evr for row in manifest.packages}
    available: dict[str, list[Package]] = {}
    for repository in repositories:
        for package in read_repodata(repository):
            available.setdefault(package.name, []).append(package)
    packages = []
    for name in sorted({*installed, *available}):
        known = available.get(name, [])
        if name in installed:
            same = [package for package in known if package.evr == installed[name]] or known
            told = same[0] if same else Package(name, installed[name])
            packages.append(msgspec.structs.replace(told, evr=installed[name], installed=True))
        else:
            packages.append(known[-1])
    return FactsFile(tuple(packages), image=manifest.image)


def read_repodata(repository: Path) -> Iterator[Package]:
    """The packages of a repository, from its primary and filelists; ToolError when they cannot be read."""
    import createrepo_c as cr

    metadata = cr.Metadata()
    try:
        metadata.locate_and_load_xml(str(repository))
    except cr.CreaterepoCError as error:
        raise ToolError(
            f"the metadata of {repository} cannot be read", detail=str(error), hint="build the repositories again"
        ) from error
    for key in sorted(metadata.keys()):
        row = metadata.get(key)
        version = f"{row.version}-{row.release}"
        yield Package(
            row.name,
            version if row.epoch in (None, "", "0") else f"{row.epoch}:{version}",
            files=tuple(sorted(_paths(row.files))),
            provides=_names(row.provides),
            requires=tuple(name for name in _names(row.requires) if not SELF.match(name)),
            recommends=_names(row.recommends),
        )


def _paths(files: Iterable[tuple[str | None, str, str]]) -> Iterator[str]:
    for _, folder, name in files:
        path = f"{folder.rstrip('/')}/{name}"
        if not LEFT_OUT.match(path):
            yield path


def _names(entries: Iterable[Sequence[object]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(entry[0]) for entry in entries))
