"""The reference names every key there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from boatyard.config.model.overlay import Verb
from boatyard.config.schema import config_schema

REFERENCE = Path(__file__).parents[2] / "docs/reference/configuration.md"
# Tables with pages of their own.
ELSEWHERE = {"NativeImage", "Layout", "Partition", "Volume", "Filesystem", "Budget", "SeedRules", "PackageRules"}
ELSEWHERE |= {
    "Move",
    "Trigger",
    "Seed",
    "DebSpec",
    "Metadata",
    "Link",
    *(verb.__name__ for verb in Verb.__subclasses__()),
}


def test_every_key_is_explained() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    definitions: dict[str, dict[str, Any]] = config_schema()["$defs"]
    keys = {
        key
        for name, definition in definitions.items()
        if name not in ELSEWHERE
        for key in definition.get("properties", {})
    }
    assert len(keys) > 80
    words = set(re.findall(r"[\w$-]+", text))
    assert sorted(keys - words) == []
