"""Bytes to lines and back. Specs are bytes first: what is not UTF-8 survives as surrogates (PEP 383)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def decode(data: bytes) -> str:
    """The text of a spec; `encode` gives the same bytes back, whatever they are."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def split_lines(text: str) -> list[str]:
    r"""The physical lines as the azldev format reads them: split at "\n" only, one trailing "\r" dropped.

    Never `splitlines()`, which also splits at VT, FF, NEL and LS: those are ordinary characters of a spec.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def join_lines(lines: Iterable[str]) -> str:
    """The text of lines, each ended by a newline; no lines give an empty text."""
    return "".join(f"{line}\n" for line in lines)
