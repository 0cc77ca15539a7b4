"""A build graph for Graphviz: an arrow from each component to what it is built with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.graph.build_graph import BuildGraph, Cause


def to_dot(graph: BuildGraph, component: str = "") -> str:
    """The whole graph, or one component with its neighbours; edges are then labelled with what causes them.

    Dashed: no cause is certain. A box: repackaged, not built.
    """
    lines = ["digraph build {", "  rankdir=LR;"]
    lines += [f"  {_quoted(name)} [shape=box];" for name in sorted(graph.once & set(_nodes(graph, component)))]
    if component:
        edges = [(component, need, causes) for need, causes in graph.edges[component].items()]
        edges += [
            (node, component, causes) for node, causes in graph.dependants(component).items() if node != component
        ]
        lines.append(f"  {_quoted(component)} [style=bold];")
        lines += [_edge(*edge, label=True) for edge in edges]
    else:
        lines += [f"  {_quoted(name)};" for name in graph.edges]
        lines += [_edge(name, need, causes) for name, needs in graph.edges.items() for need, causes in needs.items()]
    return "\n".join([*lines, "}"])


def _nodes(graph: BuildGraph, component: str) -> Iterable[str]:
    return (component, *graph.edges[component], *graph.dependants(component)) if component else graph.edges


def _edge(node: str, need: str, causes: Iterable[Cause], *, label: bool = False) -> str:
    requirements = [cause.requirement for cause in causes]
    attributes = []
    if label:
        texts = dict.fromkeys(_escaped(one.text) for one in requirements)
        attributes.append('label="' + "\\n".join(texts) + '"')
    if not any(one.certain for one in requirements):
        attributes.append("style=dashed")
    return f"  {_quoted(node)} -> {_quoted(need)}" + (f" [{', '.join(attributes)}];" if attributes else ";")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text for a quoted string of the DOT language: what is foreign in it ends neither the string nor the line."""
    printable = "".join(char if char.isprintable() else "?" for char in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')
