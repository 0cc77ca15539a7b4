"""Metalinks (version 3, as Fedora's MirrorManager writes them): which mirrors have a repository, and its digests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from xml.parsers import expat

from boatyard.base.error import SourceError
from boatyard.ports.http import redirect_target
from boatyard.ports.route import shown

MIRRORS = 8  # as many as are tried
REPOMD = "/repodata/repomd.xml"
STRONG = ("sha256", "sha512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metalink:
    """`bases`: folders that have repodata/, the preferred first. `digests`: of the repomd.xml that are current, lately
    (`<mm0:alternates>`) included, as mirrors are updated one after the other; none: it does not vouch for any.
    """

    bases: tuple[str, ...]
    digests: tuple[tuple[str, str], ...] = ()

    def vouches_for(self, repomd: bytes) -> bool:
        """Whether this is one of the files it means, as far as it says."""
        found = {kind: hashlib.new(kind, repomd).hexdigest() for kind in STRONG}
        return not self.digests or any(found[kind] == digest for kind, digest in self.digests)


def read_metalink(data: bytes, address: str) -> Metalink:
    """A metalink that was fetched from `address`; SourceError when it is none.

    Mirrors are left out where a redirect would not be followed: from https to http, or into this machine.
    """
    reading = _Reading()
    try:
        reading.parse(data)
    except (expat.ExpatError, ValueError) as error:
        raise SourceError(f"{shown(address)} is no metalink: {error}", hint="correct `metalink`") from error
    bases: dict[str, None] = {}
    for _, url in sorted(reading.mirrors, key=lambda mirror: -mirror[0]):
        try:
            redirect_target(address, url)
        except SourceError:
            continue
        if url.endswith(REPOMD):
            bases.setdefault(url.removesuffix(REPOMD))
    return Metalink(bases=tuple(bases)[:MIRRORS], digests=tuple(reading.digests))


class _Reading:
    """Collects mirrors, with their preference, and digests."""

    def __init__(self) -> None:
        self.mirrors: list[tuple[int, str]] = []
        self.digests: list[tuple[str, str]] = []
        self._attributes: dict[str, str] = {}
        self._text: list[str] = []
        self._inside: list[str] = []

    def parse(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = self._refuse
        parser.Parse(data, True)
        if not self._is_metalink:
            raise ValueError("its root is not <metalink>")

    _is_metalink = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._is_metalink = self._is_metalink or (not self._inside and name == "metalink")
        self._inside.append(name)
        self._attributes = attributes
        self._text.clear()

    def _end(self, name: str) -> None:
        self._inside.pop()
        text = "".join(self._text).strip()
        kind = self._attributes.get("type", "")
        if name == "hash" and kind in STRONG:
            self.digests.append((kind, text.lower()))
        elif name == "url" and text.startswith(("http://", "https://")):
            preference = self._attributes.get("preference", "")
            self.mirrors.append((int(preference) if preference.isdecimal() and len(preference) < 5 else 0, text))
        self._text.clear()

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError("it declares a document type")
