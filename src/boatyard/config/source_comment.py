"""The comments of package lists that name the component of each package: `"bash-doc", # srpm: bash`.

Readers of TOML drop comments, so they are looked for in the text. They are notes of people: nothing but guesses about
an order rests on them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.config.read import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_COMMENT = re.compile(r'^[ \t]*"([^"\s]+)"[ \t]*,?[ \t]*#[ \t]*srpm:[ \t]*([^\s,]+)', re.MULTILINE)


def commented_components(files: Iterable[Path]) -> list[tuple[str, str]]:
    """(package, component) for each line of package lists that says so, in the order of the files."""
    found: list[tuple[str, str]] = []
    for file in files:
        text = read_text(file)
        if isinstance(text, str) and "srpm:" in text:
            found += [(package, component) for package, component in _COMMENT.findall(text)]
    return found
