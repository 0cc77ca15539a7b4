"""Includes: the files of a project in the order in which they are merged.

An including file comes before what it includes, so included files override it. A file reached twice is read once
(azldev refuses that); a file that includes itself over others is an error that shows the way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from boatyard.base.glob import alternatives, compile_name, has_magic
from boatyard.config.fault import Fault
from boatyard.config.file import ConfigFile, Document
from boatyard.config.read import read_toml
from boatyard.config.shape import Examiner, anchor, convert

MAX_FILES = 20_000
MAX_FOLDERS = 200_000  # looked into for one pattern


class Tree(msgspec.Struct):
    """The files read so far, and what was wrong with them."""

    permissive: bool = False
    documents: list[Document] = msgspec.field(default_factory=list)
    faults: list[Fault] = msgspec.field(default_factory=list)

    def add(self, root: Path) -> None:
        """Reads a file and all it includes."""
        _Walk(self).read(Path(os.path.normpath(root)), {})


class _Walk:
    """One top-level file. Files are told apart by inode, so that links make no circles either."""

    def __init__(self, tree: Tree) -> None:
        self._tree, self._seen = tree, set[tuple[int, int]]()

    def read(self, path: Path, chain: dict[tuple[int, int], Path]) -> None:
        try:
            status = path.stat()
        except (OSError, ValueError) as error:
            self._tree.faults.append(Fault(path, (), f"cannot read it: {error}"))
            return
        inode = (status.st_dev, status.st_ino)
        if inode in chain:
            way = " -> ".join(str(step) for step in (*chain.values(), path))
            self._tree.faults.append(Fault(path, (), f"circular include detected: {way}", "remove one of the includes"))
        if inode in self._seen or len(self._seen) > MAX_FILES:
            return
        self._seen.add(inode)
        if len(self._seen) > MAX_FILES:
            self._tree.faults.append(Fault(path, (), f"more than {MAX_FILES} configuration files"))
            return
        document = self._document(path)
        if document is None:
            return
        self._tree.documents.append(document)
        for number, pattern in enumerate(document.config.includes):
            for found in self._matches(path, number, pattern):
                self.read(found, chain | {inode: path})

    def _document(self, path: Path) -> Document | None:
        data = read_toml(path)
        if isinstance(data, Fault):
            self._tree.faults.append(data)
            return None
        config, faults = typed(ConfigFile, data, path, permissive=self._tree.permissive)
        self._tree.faults.extend(faults)
        return None if config is None else Document(path, data, config)

    def _matches(self, path: Path, number: int, pattern: str) -> list[Path]:
        try:
            if not pattern:
                raise ValueError("an include is not empty")
            found = expand(path.parent, pattern)
        except (ValueError, OSError) as error:
            self._tree.faults.append(Fault(path, ("includes", number), f"cannot include {pattern!r}: {error}"))
            return []
        if not found and not has_magic(pattern):
            what = f"failed to find include file '{pattern}' referenced in config file '{path}'"
            self._tree.faults.append(Fault(path, ("includes", number), what, "correct the name or remove the line"))
        return found


def typed(kind: type[Any], data: dict[str, Any], path: Path, *, permissive: bool = False) -> tuple[Any, list[Fault]]:
    """The typed value of a file, and what is wrong with it (then None). Mends and anchors `data` in place."""
    folder = str(path.parent)
    anchor(kind, data, folder)
    try:
        return convert(data, kind), []
    except msgspec.ValidationError:
        examiner = Examiner(permissive=permissive)
        examiner.examine(kind, data)
    if not examiner.told:
        anchor(kind, data, folder)  # keys that were mended
        return convert(data, kind), []
    detail = f'project config file "{path}" contains invalid data'
    faults = [Fault(path, key, what, hint) for key, what, hint in examiner.told]
    first = faults[0]
    faults[0] = Fault(path, first.key, first.what, first.hint, detail=detail)
    return None, faults


def expand(folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern finds, relative to a folder: parents first, names of a folder in byte order, once each.

    ValueError for a malformed pattern or too many folders, OSError when a folder cannot be read.
    """
    found: dict[Path, None] = {}
    for choice in alternatives(pattern):
        if "\0" in choice:
            raise ValueError("a pattern holds no NUL")
        absolute = os.path.normpath(folder / choice)
        budget = [MAX_FOLDERS]
        found.update(dict.fromkeys(_find("/", absolute.strip("/").split("/"), budget)))
    return list(found)


def _find(folder: str, segments: list[str], budget: list[int]) -> list[Path]:
    """What the rest of a pattern finds below a folder; `budget` counts down the folders still allowed."""
    segment, rest = segments[0], segments[1:]
    if segment == "**":
        below = rest or ["*"]
        return [path for start in _folders(folder, budget) for path in _find(start, below, budget)]
    if not has_magic(segment) and "\\" not in segment:
        names = [segment]
    else:
        expression = compile_name(segment)
        names = sorted(entry.name for entry in _entries(folder, budget) if expression.fullmatch(entry.name))
    paths = [f"{folder.rstrip('/')}/{name}" for name in names]
    if rest:
        return [found for path in paths if os.path.isdir(path) for found in _find(path, rest, budget)]  # noqa: PTH112
    return [Path(path) for path in paths if os.path.isfile(path)]  # noqa: PTH113


def _folders(top: str, budget: list[int]) -> list[str]:
    """A folder and all below it, parents first. Links are followed, to each place once on a way down."""
    found: list[str] = []
    waiting: list[tuple[str, frozenset[str]]] = [(top, frozenset((os.path.realpath(top),)))]
    while waiting:
        folder, visited = waiting.pop()
        found.append(folder)
        for entry in sorted(_entries(folder, budget), key=_name, reverse=True):
            if not entry.is_dir():
                continue
            if not entry.is_symlink():
                waiting.append((entry.path, visited))
            elif (real := os.path.realpath(entry.path)) not in visited:
                waiting.append((entry.path, visited | {real}))
    return found


def _entries(folder: str, budget: list[int]) -> list[os.DirEntry[str]]:
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueError(f"it looks into more than {MAX_FOLDERS} folders")
    with os.scandir(folder) as entries:
        return list(entries)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
