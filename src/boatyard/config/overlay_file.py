"""Overlay files: overlays kept beside a component, with one reason for all overlays of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from boatyard.base.glob import has_magic
from boatyard.config.expand import expand
from boatyard.config.fault import Fault
from boatyard.config.file import OverlayFile
from boatyard.config.include import typed
from boatyard.config.model.overlay import Metadata
from boatyard.config.read import read_toml
from boatyard.config.rule.overlay import addition, metadata_rules, overlay_additions, overlay_rules
from boatyard.config.shape import overlay_prefix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.config.model.overlay import Overlay
    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key


class OverlayFiles(msgspec.Struct):
    """Finds and reads overlay files; each pattern of a folder and each file only once, though thousands inherit it.

    `additions`: the project is Boatyard's, so the overlays may use what azldev refuses. `permissive`: metadata that is
    wrong is left out, with a warning, and unknown keys are ignored.
    """

    additions: bool = False
    permissive: bool = False
    faults: list[Fault] = msgspec.field(default_factory=list)
    warnings: list[Fault] = msgspec.field(default_factory=list)
    _found: dict[tuple[Path, tuple[str, ...]], tuple[Overlay, ...]] = msgspec.field(default_factory=dict)
    _read: dict[Path, tuple[Overlay, ...]] = msgspec.field(default_factory=dict)

    def overlays(self, patterns: Sequence[str], file: Path, key: Key) -> tuple[Overlay, ...]:
        """The overlays of the files that patterns find beside `file`, which defines the component at `key`."""
        wanted = (file.parent, tuple(patterns))
        if wanted not in self._found:
            paths: dict[Path, None] = {}
            for pattern in patterns:
                paths.update(dict.fromkeys(self._expand(pattern, file, key)))
            self._found[wanted] = tuple(overlay for path in paths for overlay in self._overlays_in(path))
        return self._found[wanted]

    def _expand(self, pattern: str, file: Path, key: Key) -> list[Path]:
        try:
            found = expand(file.parent, pattern)
        except (ValueError, OSError) as error:
            self.faults.append(Fault(file, (*key, "overlay-files"), f"overlay-files pattern {pattern!r}: {error}"))
            return []
        if not found and not has_magic(pattern):
            what = f"overlay-files pattern matched no files: {pattern!r}"
            self.faults.append(Fault(file, (*key, "overlay-files"), what, "correct the name or remove it"))
        return sorted(found, key=_by_name)

    def _overlays_in(self, path: Path) -> tuple[Overlay, ...]:
        if path not in self._read:
            self._read[path] = self._load(path)
        return self._read[path]

    def _load(self, path: Path) -> tuple[Overlay, ...]:
        data = read_toml(path)
        if isinstance(data, Fault):
            self.faults.append(data)
            return ()
        if self.permissive and (wrong := _metadata_faults(data, path)):
            self.warnings.extend(wrong)
            data["metadata"] = None
        content, faults = typed(OverlayFile, data, path, permissive=self.permissive)
        if content is None:
            self.faults.extend(faults)
            return ()
        told = list(_rules(content))
        if not self.additions:
            told.extend(addition(key) for key in overlay_additions(data.get("overlays", []), ("overlays",)))
        self.faults.extend(Fault(path, key, overlay_prefix(key) + what, hint) for key, what, hint in told)
        return tuple(msgspec.structs.replace(overlay, metadata=content.metadata) for overlay in content.overlays)


def _metadata_faults(data: dict[str, Any], path: Path) -> list[Fault]:
    """What is wrong with the reason that a file gives for its overlays."""
    hint = "its metadata is left out"
    metadata, faults = typed(Metadata, data.get("metadata", {}), path, permissive=True)
    wrong = [(("metadata", *fault.key), fault.what) for fault in faults]
    if metadata is not None:
        wrong = [(key, what) for key, what, _ in metadata_rules(metadata, ("metadata",))]
    return [Fault(path, key, what, hint) for key, what in wrong]


def _rules(content: OverlayFile) -> list[Told]:
    told: list[Told] = list(metadata_rules(content.metadata, ("metadata",))) if content.metadata else []
    if not content.overlays:
        told.append(
            (("overlays",), "overlay file declares no overlays", "add an [[overlays]] table or remove the file")
        )
    for number, overlay in enumerate(content.overlays):
        key: Key = ("overlays", number)
        if overlay.metadata is not None:
            what = "per-overlay metadata is not allowed inside an overlay file"
            told.append(((*key, "metadata"), what, "say it once, in [metadata]"))
        told.extend(overlay_rules(overlay, key))
    return told


def _by_name(path: Path) -> tuple[str, str]:
    return path.name, str(path)
