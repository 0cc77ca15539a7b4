"""Debian's order of versions (deb-version(7), Debian Policy 5.6.12)."""

from __future__ import annotations

import re

MAX_LENGTH = 256
_VERSION = re.compile(r"(?:([0-9]{1,9}):)?([A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9.+~]*))?")
_FIRST = re.compile(r"([^0-9]*)([0-9]*)")
_NEXT = re.compile(r"([^0-9]+)([0-9]*)")

_Piece = tuple[tuple[int, ...], int]
VersionKey = tuple[int, tuple[_Piece, ...], tuple[_Piece, ...]]


def split_version(version: str) -> tuple[int, str, str]:
    """Epoch, upstream version and Debian revision; an absent epoch is 0, an absent revision empty.

    ValueError for what is no Debian version, and for one of more than 256 characters.
    """
    match = _VERSION.fullmatch(version)
    if match is None or not match[2] or len(version) > MAX_LENGTH or (":" in match[2] and not match[1]):
        raise ValueError(f"{version[:80]!r} is not a Debian version ([epoch:]upstream[-revision])")
    return int(match[1] or 0), match[2], match[3] or ""


def version_key(version: str) -> VersionKey:
    """A key that sorts versions as dpkg does; equal keys are equal versions (1.0 and 1.00). ValueError as above."""
    epoch, upstream, revision = split_version(version)
    return epoch, _pieces(upstream), _pieces(revision)


def _pieces(text: str) -> tuple[_Piece, ...]:
    """Pairs of non-digits and number; the last, empty one stands for the end of the text."""
    first = _FIRST.match(text)
    assert first is not None, "both its parts may be empty"
    pairs = [first.groups(), *_NEXT.findall(text, first.end()), ("", "")]
    return tuple(((*(_weight(character) for character in words), 0), int(number or 0)) for words, number in pairs)


def _weight(character: str) -> int:
    """`~` sorts before the end (0), letters before everything else."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
