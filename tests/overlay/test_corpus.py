"""The overlays of a real distribution: every one is understood."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from boatyard.base.regex import compile_regex
from boatyard.cli.overlay import target_of
from boatyard.config.load import load_root
from boatyard.config.model.overlay import FileOverlay, Overlay, PatchRemove, type_of
from boatyard.overlay.match import literal_name, path_matcher

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus
COUNTS = {
    "spec-search-replace": 93, "spec-add-tag": 22, "spec-append-lines": 18, "file-add": 16, "spec-remove-tag": 15,
    "spec-update-tag": 14, "spec-remove-section": 12, "spec-insert-tag": 11, "file-search-replace": 10, "patch-add": 9,
    "spec-prepend-lines": 5, "file-rename": 3, "spec-set-tag": 2, "file-remove": 2, "patch-remove": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def overlays(corpus: Path) -> list[Overlay]:
    project = load_root(corpus / "azldev.toml")
    return [overlay for name in project.components for overlay in project.component(name).overlays]


def test_every_kind_is_there(overlays: list[Overlay]) -> None:
    assert Counter(type_of(overlay) for overlay in overlays) == COUNTS


def test_every_pattern_is_one(overlays: list[Overlay]) -> None:
    patterns = [regex for overlay in overlays if (regex := getattr(overlay, "regex", ""))]
    assert len(patterns) == 103
    for pattern in patterns:
        assert compile_regex(pattern).pattern == pattern


def test_every_file_pattern_is_one(overlays: list[Overlay]) -> None:
    for overlay in overlays:
        if isinstance(overlay, FileOverlay | PatchRemove) and literal_name(overlay.file) is None:
            assert callable(path_matcher(overlay.file))


def test_every_overlay_has_a_target(overlays: list[Overlay]) -> None:
    assert all(target_of(overlay) or type_of(overlay) in ("spec-prepend-lines",) for overlay in overlays)
