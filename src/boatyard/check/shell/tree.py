"""The tree that tree-sitter-bash makes of a script, where what its grammar gets wrong is written another way before."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser

# The grammar's scanner reads past its tables and crashes for these characters (tree-sitter-bash issue 337).
OUTSIDE_BMP = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
# What is replaced by as many bytes: `cat 0<file` and `exec {name}>file`, where it takes what stands before the
# redirection for an argument; `grep x$)`, where it looks for a name after the `$`; `for name do`, unknown to it.
SAME_LENGTH: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]], ...] = (
    (OUTSIDE_BMP, lambda _: "éé".encode()),
    (re.compile(rb"(?<=[ \t])0(?=[<>])"), lambda _: b"3"),
    (re.compile(rb"(?<=[ \t])\{\w+\}(?=[<>])"), lambda found: b"3".rjust(len(found[0]))),
    (re.compile(rb"(?<=[^\s$\\(`|])\$(?=\))"), lambda _: b"_"),
    (re.compile(rb"(?m)^([ \t]*for[ \t]+\w+)[ \t](?=[ \t]*do\b)"), lambda found: found[1] + b";"),
)
# `$DIR/$name.conf` and `$DIR/$1`: after the second `$` it begins another word. `${name}` it understands.
INSIDE_A_WORD = re.compile(rb"(?<=[^\s$\\\"'`({;&|<>=!])\$([A-Za-z_]\w*|\d)")


class Tree:
    """A script and its tree. Places and texts of nodes are those in the script as it was written."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8", "replace")
        data = self._data
        for pattern, other in SAME_LENGTH:
            data = pattern.sub(other, data)
        self._added = [
            at + 2 * index + more
            for index, found in enumerate(INSIDE_A_WORD.finditer(data))
            for more, at in enumerate((found.start(1), found.end(1)))
        ]
        self.root = _parser().parse(INSIDE_A_WORD.sub(rb"${\1}", data)).root_node

    def text(self, node: Node) -> str:
        """What a node is made of."""
        return self.between(node.start_byte, node.end_byte)

    def between(self, start: int, end: int) -> str:
        """What lies between two offsets of the tree."""
        return self._data[self._written(start) : self._written(end)].decode("utf-8", "replace")

    def place(self, node: Node) -> tuple[int, int]:
        """The line and column where a node begins, from 1."""
        row, column = node.start_point
        return row + 1, len(self.between(node.start_byte - column, node.start_byte)) + 1

    def errors(self) -> Iterator[tuple[int, int]]:
        """Where the grammar does not fit."""
        waiting = [self.root] if self.root.has_error else []
        while waiting:
            node = waiting.pop()
            if node.is_error or node.is_missing:
                yield self.place(node)
            elif node.has_error:
                waiting += node.children

    def _written(self, offset: int) -> int:
        """The offset in the script of one in the tree, which has the added braces before it."""
        return offset - bisect_left(self._added, offset)


@functools.cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
