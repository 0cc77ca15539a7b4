"""YAML as nodes that know their lines. Hostile input is refused: aliases that multiply, nesting, recursion, size."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_NODES = 50_000
DEEPEST = 64


class YamlError(Exception):
    """The text is no YAML that is read here; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as text, with its tag (`str`, `int`, `null`, `!vault`, …). `first`: the line its text starts on."""

    text: str
    tag: str
    line: int
    column: int
    first: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order of the file; keys that are no scalars are left out."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    index: dict[str, Node] = field(default_factory=dict, compare=False)

    def get(self, key: str) -> Node | None:
        """The last value of a key, as YAML readers have it."""
        return self.index.get(key)

    def text(self, key: str) -> str:
        """The value of a key when it is a scalar, else an empty text."""
        value = self.index.get(key)
        return value.text if isinstance(value, Scalar) else ""


Node = Scalar | Listing | Table


def read_yaml(text: str, *, strict: bool = False) -> Node | None:
    """The first document of a text; None when it is empty. YamlError when it is no YAML, or beyond reason.

    `strict`: also for what readers pass over in silence, a key that is there twice and a second document.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _measure(yaml, text, loader)
        documents = yaml.compose_all(text, loader)
        node = next(documents, None)
        if strict and (more := next(documents, None)) is not None:
            raise YamlError("a second document", more.start_mark.line + 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = error.problem or error.context or "this is no YAML"
        raise YamlError(told, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(str(error).split("\n", 1)[0]) from None
    return _Builder(strict=strict).build(node) if node is not None else None


def _measure(yaml: Any, text: str, loader: Any) -> None:
    """Refuses nesting before anything recursive reads the text."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or count > 4 * MOST_NODES:
            raise YamlError("nested too deep" if depth > DEEPEST else "too long", event.start_mark.line + 1)


class _Builder:
    """Copies nodes; one that many aliases name is counted as often, which is how it would be read."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.sizes: dict[int, int] = {}
        self.done: dict[int, Node] = {}
        self.open: set[int] = set()

    def build(self, node: Any) -> Node:
        key = id(node)
        if key in self.open:
            raise YamlError("an alias names what it stands in", node.start_mark.line + 1)
        if key in self.done:
            return self.done[key]
        self.open.add(key)
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        made: Node
        if node.id == "scalar":
            block = node.style in ("|", ">")
            made = Scalar(node.value, node.tag.removeprefix("tag:yaml.org,2002:"), line, column, line + block)
            size = 1
        elif node.id == "sequence":
            made = Listing(tuple(self.build(item) for item in node.value), line, column)
            size = 1 + sum(self.sizes[id(item)] for item in node.value)
        else:
            pairs = [(self.build(name), self.build(value)) for name, value in node.value]
            kept = tuple((name, value) for name, value in pairs if isinstance(name, Scalar))
            made = Table(kept, line, column, {name.text: value for name, value in kept})
            if self.strict and len(made.index) < len(kept):
                raise _twice(kept)
            size = 1 + sum(self.sizes[id(one)] for pair in node.value for one in pair)
        if size > MOST_NODES:
            raise YamlError("aliases multiply the document beyond reason", line)
        self.open.discard(key)
        self.sizes[key] = size
        self.done[key] = made
        return made


def _twice(pairs: Sequence[tuple[Scalar, Node]]) -> YamlError:
    texts = [name.text for name, _ in pairs]
    again = next(name for place, (name, _) in enumerate(pairs) if name.text in texts[:place])
    return YamlError(f"the key {again.text!r} is there twice", again.line, again.column)


def items(node: Node | None) -> tuple[Node, ...]:
    """The entries of a sequence; of anything else the node itself."""
    if node is None:
        return ()
    return node.items if isinstance(node, Listing) else (node,)


def scalars(node: Node | None) -> Iterator[Scalar]:
    """The scalars directly in a sequence, or the scalar itself."""
    for item in items(node):
        if isinstance(item, Scalar) and item.tag != "null":
            yield item


def words_on_lines(words: Sequence[Scalar]) -> str:
    """Words as a command line whose lines are continued where theirs are, so that places in it are right."""
    text, line = "", words[0].line if words else 0
    for word in words:
        text += "\\\n" * (word.line - line) + shlex.quote(word.text) + " "
        line = max(line, word.line) + word.text.count("\n")
    return text.rstrip()


def is_true(node: Node | None) -> bool:
    """Whether a value is one of YAML 1.1's words for true."""
    return isinstance(node, Scalar) and node.text.lower() in ("true", "yes", "on", "1", "y")
