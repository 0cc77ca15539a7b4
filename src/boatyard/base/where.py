"""A place in a text file, as people and editors read it."""

from pathlib import Path
from typing import NamedTuple


class Where(NamedTuple):
    """`file:line key`; the line counts from 1, 0 means the whole file; the key is a dotted TOML key or empty."""

    file: Path
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place} {self.key}".rstrip()
