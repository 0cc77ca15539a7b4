"""What a finished ISO is and holds, from the file alone: nothing of it is run, mounted or unpacked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boatyard.base.error import ImageError, TrustError
from boatyard.image.iso9660 import Volume, read_volume
from boatyard.image.iso_menu import CUSTOM, MENU, Custom, entries
from boatyard.image.medium import ROOT_JSON, SCHEMA, SIGNATURE, SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = "boatyard"
ANSWERS = f"{FOLDER}/answers.toml"
MAX_TEXT, MAX_SUMS = 1 << 16, 4 << 20
SUM = re.compile(r"([0-9a-f]{64})  (\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoContent:
    """`root`: what live/root.json says; `entries`: of the menu, identifiers to titles; `added`: names in /boatyard.

    `sums`: the digests of SHA256SUMS by name; `signature`: SHA256SUMS.asc.
    """

    volume: Volume
    root: Mapping[str, Any]
    entries: Mapping[str, str]
    custom: Custom | None
    added: tuple[str, ...]
    sums_text: bytes
    sums: Mapping[str, str]
    signature: bytes

    @property
    def title(self) -> str:
        return str(self.root.get("title", ""))

    @property
    def answers(self) -> bool:
        """Whether it brings answers for the installer."""
        return ANSWERS in self.volume.files


def read_iso(path: Path) -> IsoContent:
    """The content of an ISO that Boatyard made; ImageError for any other."""
    volume = read_volume(path)
    parts = {name: volume.read(name, MAX_TEXT) for name in (ROOT_JSON, MENU, CUSTOM, SIGNATURE)}
    sums_text = volume.read(SUMS, MAX_SUMS)
    root_text, menu, custom, signature = parts.values()
    if root_text is None or menu is None or sums_text is None or signature is None:
        raise ImageError(
            f"{path} is not an ISO that Boatyard made", hint="make one with `boatyard image build`, format iso"
        )
    return IsoContent(
        volume=volume,
        root=_root(path, root_text),
        entries=entries(menu.decode("utf-8", "replace")),
        custom=Custom.read(custom.decode("utf-8", "replace")) if custom is not None else None,
        added=tuple(sorted(name for name in volume.files if name.startswith(f"{FOLDER}/"))),
        sums_text=sums_text,
        sums=_sums(path, sums_text),
        signature=signature,
    )


def check_sums(content: IsoContent) -> int:
    """Reads every file that has a digest; the number of them. TrustError naming those that are not what they were."""
    volume, sums = content.volume, content.sums
    there = [name for name in sums if name in volume.files]
    # Files of a sound volume do not overlap, so they are together no longer than it is.
    if sum(volume.files[name].size for name in there) > volume.path.stat().st_size:
        raise ImageError(f"the ISO image {volume.path} is damaged: its files overlap", hint="get it again")
    wrong = [f"{name}: missing" for name in sums if name not in volume.files]
    wrong += [f"{name}: changed" for name in there if volume.sha256(name) != sums[name]]
    if wrong:
        raise TrustError(
            f"{len(wrong)} files of {volume.path} are not what {SUMS} says",
            detail="\n".join(wrong[:20]),
            hint="get the image again",
        )
    return len(sums)


def _root(path: Path, text: bytes) -> Mapping[str, Any]:
    try:
        root = json.loads(text)
    except ValueError as error:
        raise ImageError(f"{ROOT_JSON} in {path} is damaged: {error}", hint="get the image again") from error
    if not isinstance(root, dict) or root.get("schema") != SCHEMA:
        raise ImageError(
            f"{path} was made by another version of Boatyard", hint="use that version, or build the image again"
        )
    return root


def _sums(path: Path, text: bytes) -> Mapping[str, str]:
    sums = {}
    for line in text.decode("utf-8", "replace").splitlines():
        found = SUM.fullmatch(line)
        if not found:
            raise ImageError(f"{SUMS} in {path} is damaged: {line[:80]!r}", hint="get the image again")
        sums[found[2]] = found[1]
    return sums
