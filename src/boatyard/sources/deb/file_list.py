"""The %files section of one subpackage: each file, or the folder that holds nothing but plain files of the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.sources.deb.archive import Kind
from boatyard.sources.deb.rules import parents_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from boatyard.sources.deb.rules import PackagedFile

# What rpm reads as a glob, a quote or a list in %files; it has no escape that works in all versions, `?` does.
SPECIAL = re.compile(r"[\[\]{}*?\"'\\\s,()]")


def file_lines(files: Sequence[PackagedFile], component: Collection[str]) -> list[str]:
    """The lines of %files for the files of a subpackage, sorted by path. `component`: the paths of all subpackages."""
    whole = whole_directories(files, component)
    lines = []
    covered = ""
    for file in files:
        path = file.entry.path
        if covered and path.startswith(covered):
            continue
        covered = f"{path}/" if path in whole else ""
        lines.append(_line(file, path in whole, component))
    return lines


def whole_directories(files: Sequence[PackagedFile], component: Collection[str]) -> set[str]:
    """The folders that may stand for all below them: all of it is plain, and of this subpackage."""
    folders = {file.entry.path for file in files if file.entry.kind is Kind.DIRECTORY and file.is_plain}
    broken: set[str] = set()
    for file in files:
        if not file.is_plain:
            broken.update(parents_of(file.entry.path))
    for path in set(component) - {file.entry.path for file in files}:
        broken.update(parents_of(path))
    return folders - broken


def _line(file: PackagedFile, whole: bool, component: Collection[str]) -> str:
    entry = file.entry
    words = []
    if not file.has_plain_mode or (entry.user, entry.group) != ("root", "root") or file.ghost:
        mode = "-" if entry.kind is Kind.LINK else f"{entry.mode:04o}"
        words.append(f"%attr({mode},{entry.user},{entry.group})")
    if file.verify:
        words.append(f"%verify({file.verify})")
    if file.config:
        words.append("%config(noreplace)")
    if file.ghost:
        words.append("%ghost")
    if file.license:
        words.append("%license")
    if entry.kind is Kind.DIRECTORY and not whole:
        words.append("%dir")
    return " ".join([*words, file_pattern(entry.path, component)])


def file_pattern(path: str, component: Collection[str]) -> str:
    """The path as %files wants it; SourceError when a name cannot be written so that rpm takes no other file."""
    if not SPECIAL.search(path):
        return path.replace("%", "%%")
    fitting = re.compile("".join("[^/]" if SPECIAL.match(char) else re.escape(char) for char in path))
    others = [other for other in component if other != path and fitting.fullmatch(other)]
    if others:
        raise SourceError(f"{path} and {others[0]} cannot be told apart in %files", hint="drop one by drop-paths")
    return SPECIAL.sub("?", path).replace("%", "%%")
