"""Nodes of a file as the plain values that they are written as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.yaml_text import Listing, Scalar, is_true

if TYPE_CHECKING:
    from boatyard.base.yaml_text import Node


def plain(node: Node) -> object:
    """Text, numbers, true and false, None, lists and tables."""
    if isinstance(node, Listing):
        return [plain(one) for one in node.items]
    if not isinstance(node, Scalar):
        return {name.text: plain(value) for name, value in node.pairs}
    if node.tag == "bool":
        return is_true(node)
    if node.tag == "null":
        return None
    try:
        return int(node.text) if node.tag == "int" else float(node.text) if node.tag == "float" else node.text
    except ValueError:
        return node.text
