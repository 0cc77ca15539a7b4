"""HTML and SVG that are escaped by the way they are made: text becomes visible and harmless text, never an element."""

from __future__ import annotations

from html import escape

from boatyard.report.visible import MAX_LINE, visible_block, visible_line

VOID = {"meta", "br", "wbr"}


class Markup(str):
    """Text that is markup already. Only this module makes some out of other text."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | float | bool | None) -> Markup:
    """An element. Children that are no Markup are escaped, shown on one line and cut after 500 characters.

    Attributes: `class_` is class, `aria_label` is aria-label; those that are None or False are left out.
    """
    words = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{words}>")
    return Markup(f"<{name}{words}>{join(children)}</{name}>")


def join(children: tuple[str | None, ...] | list[str]) -> Markup:
    """Several pieces in a row, each as it is in an element."""
    return Markup("".join(_child(child) for child in children if child is not None))


def block(text: str) -> Markup:
    """Text of many lines for `pre`, cut in the middle when it is long."""
    return Markup(escape(visible_block(text)))


def own(text: str) -> Markup:
    """Text of Boatyard's own files, such as a style sheet, put in as it is."""
    return Markup(text)


def _child(child: str) -> str:
    return child if isinstance(child, Markup) else escape(visible_line(child, MAX_LINE))


def _attribute(key: str, value: str | float | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{escape(visible_line(text))}"'
