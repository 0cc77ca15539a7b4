"""XML as the fabric writes and reads it: escaped text, and documents of guests without anything that expands."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape, quoteattr

MAX_DOCUMENT = 64 << 10
HEADER = '<?xml version="1.0" encoding="utf-8"?>\n'

__all__ = ["HEADER", "child_text", "escape", "parse_document", "quoteattr"]


def parse_document(data: bytes) -> Element | None:
    """The root of a guest's document; None for what is too long, malformed, or declares a document type."""
    if len(data) > MAX_DOCUMENT or b"<!" in data or b"\0" in data:  # no entities, and no UTF-16 to hide them in
        return None
    try:
        return fromstring(data)  # noqa: S314 (nothing that expands is let in)
    except (ParseError, ValueError, LookupError):
        return None


def child_text(root: Element, name: str) -> str:
    """The text of the first element of a name, in any namespace; empty when there is none."""
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name and not len(element):
            return (element.text or "").strip()
    return ""
