"""What the static check works on: the files of a deployment, and the facts of the image that it is for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from boatyard.artifact.codec import load
from boatyard.artifact.image import Manifest
from boatyard.base.digest import sha256_file
from boatyard.base.error import ConfigError, NotFoundError
from boatyard.check.facts_file import facts_of
from boatyard.check.kind import TYPES, has_parts, type_of
from boatyard.check.step import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from boatyard.check.facts import Facts
    from boatyard_boot.arch import Arch

LARGEST_FILE = 1 << 20
MOST_FILES = 5_000
FORMATS = ("raw", "qcow2", "iso")
STDIN = "-"


def read_sources(paths: Sequence[Path], kind: str = "") -> list[Source]:
    """The files to check, in the order given; of folders those of a known type, by name.

    `kind`: their type, instead of the one that their name and content tell. NotFoundError, ConfigError.
    """
    sources: dict[str, Source] = {}
    for path in paths:
        for file in _files(path):
            source = read_source(file, str(file), kind)
            if source is not None:
                sources[str(file)] = source
            elif file == path:
                raise ConfigError(
                    f"cannot tell what {file} is", hint=f"say it with --type, which is one of {', '.join(TYPES)}"
                )
            if len(sources) > MOST_FILES:
                raise ConfigError(f"more than {MOST_FILES} files are to be checked", hint="check them in parts")
    return list(sources.values())


def read_source(path: Path, name: str, kind: str = "") -> Source | None:
    """The file at `path` as one to check, called `name` in what is told; None when it is of no known type."""
    text = _text(path)
    found = kind or type_of(name, text) or ("mime" if has_parts(text) else "")
    return Source(name, text, found) if found else None


def _files(path: Path) -> Iterator[Path]:
    if str(path) == STDIN or path.is_file():
        yield path
    elif path.is_dir():
        for folder, names, files in path.walk() if hasattr(path, "walk") else _walk(path):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                file = folder / name
                if file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST_FILE:
                    yield file
    elif path.exists():
        raise ConfigError(f"{path} is no file", hint="give files of text, or folders of them")
    else:
        raise NotFoundError(f"{path} does not exist")


def _walk(path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    import os

    for folder, names, files in os.walk(path):
        yield path.__class__(folder), names, files


def _text(path: Path) -> str:
    """A file as text; one that is none is empty text in a folder, and an error when it is named."""
    if str(path) == STDIN:
        data = sys.stdin.buffer.read(LARGEST_FILE + 1)
    else:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise ConfigError(f"{path} is longer than {LARGEST_FILE >> 20} MiB", hint="no deployment script is that long")
    if b"\0" in data:
        return ""
    return data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def manifest_of(image: Path) -> Path:
    """The manifest beside an image file."""
    manifest = image.with_name(f"{image.name}.manifest.json")
    if not image.exists() and not manifest.exists():
        raise NotFoundError(f"image file {image} does not exist", hint="name an image of the project, or its file")
    if not manifest.is_file():
        raise NotFoundError(
            f"{image} has no manifest beside it ({manifest.name})",
            hint="name one with --manifest, or facts with --facts",
        )
    return manifest


def built_manifest(images: Path, name: str, arch: Arch) -> Path:
    """The manifest of an image of the project, by its name."""
    for kind in FORMATS:
        manifest = images / f"{name}-{arch}.{kind}.manifest.json"
        if manifest.is_file():
            return manifest
    raise NotFoundError(f"image {name} is not built for {arch}", hint=f"`boatyard image build {name}` builds it")


def image_facts(manifest: Path, repositories: Sequence[Path], published: Path | None, cache: Path) -> Facts:
    """The facts of a manifest.

    `repositories`: folders with repodata; without any, the snapshots below `published` that the image was made from, or
    the current ones when those are gone.
    """
    if not manifest.is_file():
        raise NotFoundError(f"manifest {manifest} does not exist")
    for folder in repositories:
        if not (folder / "repodata/repomd.xml").is_file():
            raise NotFoundError(f"{folder} has no repodata/repomd.xml", hint="--repo names the folder of a repository")
    folders = list(repositories)
    if not folders:
        made = load(Manifest, manifest)
        folders = published_repositories(manifest, published)
        if made.repositories and not folders:
            raise NotFoundError(
                f"the repositories of {made.image} are not here: {', '.join(sorted(made.repositories))}",
                hint="name their folders with --repo, once for each",
            )
    return facts_of(manifest, folders, cache)


def published_repositories(manifest: Path, published: Path | None) -> list[Path]:
    """The snapshots below `published` that an image was made from; the current ones when those are gone."""
    if published is None:
        return []
    made = load(Manifest, manifest)
    return [
        folder
        for channel, revision in sorted(made.repositories.items())
        for folder in _snapshot(published, channel, revision)
    ]


def _snapshot(published: Path, channel: str, revision: str) -> list[Path]:
    """The folder of a channel with that revision; else the current one."""
    current = published / "current" / channel
    if "/" in channel or channel in ("", ".", "..") or not published.is_dir():
        return []
    folders = [current, *(folder / channel for folder in sorted(published.iterdir()) if folder.name != "current")]
    here = [folder for folder in folders if (folder / "repodata/repomd.xml").is_file()]
    return next(([folder] for folder in here if sha256_file(folder / "repodata/repomd.xml") == revision), here[:1])
