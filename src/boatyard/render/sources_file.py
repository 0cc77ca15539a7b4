r"""The `sources` file of a dist-git checkout: digests of the archives that are kept elsewhere (the lookaside).

SHA512 (less-668.tar.gz) = 0123456789abcdef…
d41d8cd98f00b204e9800998ecf8427e  less-668.tar.gz       the older form, always MD5
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.spec.text import join_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.source_file import SourceFile

NAME = "sources"
_SPACE = "[\t\n\f\r ]"
_ENTRY = re.compile(rf"([A-Z0-9]+){_SPACE}+\(([^)]+)\){_SPACE}+={_SPACE}+([a-fA-F0-9]+)")
_OLD_ENTRY = re.compile(rf"([a-fA-F0-9]+){_SPACE}+([^\t\n\f\r ]+)")


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One archive. `hash_type`: any word of capitals and digits, as written; `digest`: hex, with its letter case."""

    file: str
    hash_type: str
    digest: str

    def __str__(self) -> str:
        return f"{self.hash_type} ({self.file}) = {self.digest}"


def parse_entry(line: str) -> SourceEntry | None:
    """The entry on a line; None for a blank line or a comment; ValueError for anything else."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    match = _ENTRY.fullmatch(text)
    if match:
        return SourceEntry(match[2], match[1], match[3])
    old = _OLD_ENTRY.fullmatch(text)
    if old:
        return SourceEntry(old[2], "MD5", old[1])
    raise ValueError(text)


def parse_sources(text: str) -> dict[str, tuple[int, SourceEntry]]:
    """The entries of a file by name, each with its line from 0; BuildError for a malformed line or a name twice."""
    found: dict[str, tuple[int, SourceEntry]] = {}
    for number, line in enumerate(split_lines(text)):
        try:
            entry = parse_entry(line)
        except ValueError:
            raise BuildError(
                f"invalid format in sources file at line {number + 1}",
                detail=line[:200],
                hint="a line is `SHA512 (file) = hex`",
            ) from None
        if entry is not None and entry.file in found:
            raise BuildError(f"sources file names {entry.file} twice, at line {number + 1}", hint="remove one of them")
        if entry is not None:
            found[entry.file] = (number, entry)
    return found


def with_source_files(text: str, files: Sequence[SourceFile]) -> str:
    """The file with the project's own archives in it, replaced in place or appended in their order.

    BuildError when one has no hash, is there already but not to be replaced, or is to be replaced and not there.
    """
    if not files:
        return text
    found = parse_sources(text)
    lines = split_lines(text)
    for file in files:
        if not file.hash or not file.hash_type:
            raise BuildError(
                f"source file {file.filename} has no hash",
                hint="its `hash` and `hash-type` (SHA256 or SHA512) must be known without downloading it",
            )
        entry = str(SourceEntry(file.filename, file.hash_type, file.hash))
        if file.filename in found and not file.replace_upstream:
            raise BuildError(
                f"source file {file.filename} is in the upstream `sources` already",
                hint="name it otherwise, or set `replace-upstream = true` and say why in `replace-reason`",
            )
        if file.filename in found:
            lines[found[file.filename][0]] = entry
        elif file.replace_upstream:
            raise BuildError(
                f"source file {file.filename} replaces nothing: the upstream `sources` does not name it",
                detail=", ".join(found) or "no file is named",
                hint="correct the file name, or leave `replace-upstream` out",
            )
        else:
            lines.append(entry)
    return join_lines(lines)
