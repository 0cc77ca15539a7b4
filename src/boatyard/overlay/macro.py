"""Setting macros that a spec defines itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.overlay.nearest import nearest_lines
from boatyard.overlay.scope import lines_in_scope
from boatyard.spec.token import Kind, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.config.model.overlay import SetMacro

_HEAD = re.compile(r"\s*%(?:define|global)\s+\w+(?:\([^)]*\))?[ \t]*", re.ASCII)


def set_macro(overlay: SetMacro, lines: Sequence[str]) -> list[str]:
    """Replaces the body of the one definition of a macro, over all its lines; %global or %define, options stay.

    A macro that is defined in several branches needs `inside` or `outside` to choose one.
    """
    if "\n" in overlay.value:
        raise BuildError("the value of a macro is one line", hint="use spec-search-replace for a body of several lines")
    scope = lines_in_scope(overlay, lines)
    definitions = list(tokenize("\n".join(lines)).named(Kind.DEFINITION))
    mine = [token for token in definitions if token.name == overlay.macro and token.start in scope]
    if not mine:
        raise BuildError(
            f"no such macro: the spec does not define {overlay.macro!r}" + (" there" if overlay.inside else ""),
            detail=nearest_lines(f"%global {overlay.macro}", enumerate(lines)),
            hint="only lines that begin with %global or %define count; `build.defines` sets a macro from outside",
        )
    if len(mine) > 1:
        where = ", ".join(str(token.start + 1) for token in mine)
        raise BuildError(
            f"{overlay.macro!r} is defined {len(mine)} times, in lines {where}",
            hint="choose one by `inside` or `outside` with the %if it is in",
        )
    token = mine[0]
    head = _HEAD.match(lines[token.start])
    assert head is not None, "a definition begins so"
    start = head[0] if head[0][-1].isspace() else f"{head[0]} "
    return [*lines[: token.start], start + overlay.value, *lines[token.end :]]
