"""What the `file` of an overlay stands for: one name, or the files that match a glob."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.base.glob import compile_path

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPED_WILDCARD = re.compile(r"\\([*?\[\]{}])")
_ESCAPE = re.compile(r"\\.", re.DOTALL)


def path_matcher(pattern: str) -> Callable[[str], object]:
    """A test for whole paths; BuildError for a malformed glob."""
    try:
        return compile_path(pattern).fullmatch
    except (ValueError, RecursionError) as error:
        raise BuildError(
            f"invalid glob {pattern!r}: {error}", hint="escape a literal *, ?, [ or { by a backslash"
        ) from None


def literal_name(pattern: str) -> str | None:
    r"""The one name a pattern without wildcards means, None for a glob.

    In such a name a backslash is a character of the name, but before a wildcard: `a\x2db` is that very name, `a\*b`
    is `a*b`.
    """
    if any(char in "*?[{" for char in _ESCAPE.sub("", pattern)):
        return None
    return _ESCAPED_WILDCARD.sub(r"\1", pattern)
