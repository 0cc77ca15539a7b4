"""Includes: the files of a project in the order in which they are merged.

An including file comes before what it includes, so included files override it. A file reached twice is read once
(azldev refuses that); a file that includes itself over others is an error that shows the way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from boatyard.base.glob import has_magic
from boatyard.config.expand import expand
from boatyard.config.fault import Fault
from boatyard.config.file import ConfigFile, Document
from boatyard.config.read import read_toml
from boatyard.config.shape import Examiner, anchor, convert

MAX_FILES = 20_000


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
            reason = getattr(error, "strerror", error)
            self._tree.faults.append(Fault(path, (), f"cannot read it: {reason}", "correct the name"))
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
            there = os.path.lexists(path.parent / pattern)
            hint = "what is there is no plain file" if there else "correct the name or remove the line"
            self._tree.faults.append(Fault(path, ("includes", number), what, hint))
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
