"""The files that a pattern of the configuration finds."""

from __future__ import annotations

import os
from pathlib import Path

from boatyard.base.glob import alternatives, compile_name, has_magic

MAX_FOLDERS = 200_000  # looked into for one pattern


def expand(folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern finds, relative to a folder: parents first, names of a folder in byte order, once each.

    ValueError for a malformed pattern or too many folders, OSError when a folder cannot be read.
    """
    search = _Search()
    found: dict[str, None] = {}
    for choice in alternatives(pattern):
        if "\0" in choice:
            raise ValueError("a pattern holds no NUL")
        absolute = os.path.normpath(os.path.join(folder, choice))  # noqa: PTH118
        found.update(dict.fromkeys(search.find("/", absolute.strip("/").split("/"))))
    return [Path(path) for path in found]


class _Search:
    """Reads each folder once, though it may be looked into again and again."""

    def __init__(self) -> None:
        self._looks = 0
        self._entries_of: dict[str, list[os.DirEntry[str]]] = {}

    def find(self, folder: str, segments: list[str]) -> list[str]:
        """What the rest of a pattern finds below a folder."""
        segment, rest = segments[0], segments[1:]
        if segment == "**":
            below = rest or ["*"]
            return [path for start in self._folders(folder) for path in self.find(start, below)]
        if not has_magic(segment) and "\\" not in segment:
            path = f"{folder.rstrip('/')}/{segment}"
            if rest:
                return self.find(path, rest) if os.path.isdir(path) else []  # noqa: PTH112
            return [path] if os.path.isfile(path) else []  # noqa: PTH113
        expression = compile_name(segment)
        entries = [entry for entry in self._entries(folder) if expression.fullmatch(entry.name)]
        if rest:
            return [path for entry in entries if _is_folder(entry) for path in self.find(entry.path, rest)]
        return [entry.path for entry in entries if _is_file(entry)]

    def _folders(self, top: str) -> list[str]:
        """A folder and all below it, parents first. Links are followed, to each place once on a way down."""
        found: list[str] = []
        waiting: list[tuple[str, frozenset[str]]] = [(top, frozenset((os.path.realpath(top),)))]
        while waiting:
            folder, visited = waiting.pop()
            found.append(folder)
            for entry in reversed(self._entries(folder)):
                if not _is_folder(entry):
                    continue
                if not entry.is_symlink():
                    waiting.append((entry.path, visited))
                elif (real := os.path.realpath(entry.path)) not in visited:
                    waiting.append((entry.path, visited | {real}))
        return found

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What is in a folder, by name."""
        self._looks += 1
        if self._looks > MAX_FOLDERS:
            raise ValueError(f"it looks into more than {MAX_FOLDERS} folders")
        if folder not in self._entries_of:
            with os.scandir(folder) as entries:
                self._entries_of[folder] = sorted(entries, key=_name)
        return self._entries_of[folder]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle leads nowhere
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
