"""The distribution's name in a root file system (os-release(5))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard_boot.tree import find_file

if TYPE_CHECKING:
    from pathlib import Path


def title(root: Path) -> str:
    """The name for people, as boot menus show it."""
    return _field(root, "PRETTY_NAME", r"[A-Za-z0-9 ._/()-]{1,60}", "Linux")


def identifier(root: Path) -> str:
    """The name for programs, in lower case."""
    return _field(root, "ID", r"[a-z0-9._-]{1,60}", "linux")


def _field(root: Path, name: str, value: str, default: str) -> str:
    file = find_file(root, "etc/os-release", "usr/lib/os-release")
    text = file.read_text("utf-8", "replace") if file else ""
    found = re.search(rf"""^{name}=["']?({value})""", text, re.MULTILINE)
    return (found[1].strip() if found else "") or default
