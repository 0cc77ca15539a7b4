"""The modules that Python code imports. The code is parsed, never run."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, NamedTuple

from boatyard.check.step import Kind, Need, Place, Source, Tell, Use, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.check.step import Sources, Steps

LONGEST_SOURCE = 256 << 10
DEEPEST = 90
NO_MODULES = ("__future__", "__main__")


class Import(NamedTuple):
    """An imported top-level module; `handled`: its absence is caught or it is imported in a function."""

    module: str
    line: int
    column: int
    handled: str


def imports(text: str) -> list[Import] | None:
    """What code imports, in order; None when it is not Python 3, or nested beyond reason."""
    if len(text) > LONGEST_SOURCE or deepest_bracket(text) > DEEPEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of foreign code
            tree = ast.parse(text)
        return sorted(set(_imports(tree, "")), key=lambda one: (one.line, one.column))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def deepest_bracket(text: str) -> int:
    """How deep brackets are nested, strings included: an upper bound of the depth of expressions in them."""
    depth = deepest = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}" and depth:
            depth -= 1
    return deepest


def _imports(node: ast.AST, handled: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name.split(".")[0], node.lineno, node.col_offset + 1, handled)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield Import(node.module.split(".")[0], node.lineno, node.col_offset + 1, handled)
    elif isinstance(node, ast.Try):
        catches = any(
            handler.type is None
            or any(word in ast.unparse(handler.type) for word in ("Import", "ModuleNotFound", "Exception"))
            for handler in node.handlers
        )
        parts: tuple[tuple[list[ast.AST], str], ...] = (
            ([*node.body], "its absence is caught" if catches else handled),
            ([*node.handlers], "in the branch of an error"),
            ([*node.orelse, *node.finalbody], handled),
        )
        for children, reason in parts:
            for child in children:
                yield from _imports(child, reason)
    else:
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If)
        for inner in ast.iter_child_nodes(node):
            yield from _imports(inner, handled or ("imported only when it comes to that" if inside else ""))


def steps_of_code(text: str, file: str, line: int, context: str, tolerated: str = "") -> Steps:
    """The steps of Python code whose first line is `line` of a file."""
    found = imports(text)
    if found is None:
        place = Place(file, line)
        return (Tell("SP011", "note", "this Python code could not be read", place, text=one_line(context)),)
    return tuple(
        Use(
            Need(
                Kind.MODULE, one.module, Place(file, line + one.line - 1, one.column), one_line(f"import {one.module}")
            ),
            tolerated or one.handled,
        )
        for one in found
        if one.module not in NO_MODULES
    )


def steps_of(source: Source, _sources: Sources) -> Steps:
    """The steps of a file of Python code; modules beside it, among the files given, are its own."""
    return steps_of_code(source.text, source.file, 1, source.file)
