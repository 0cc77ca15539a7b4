"""Overlay files: where they are looked for, their order, and what they may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.config.fault import dotted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Load, Problems

METADATA = '[metadata]\ncategory = "azl-pruning"\nupstream-status = "unknown"\n'


def overlay_file(value: str) -> str:
    return METADATA + f'[[overlays]]\ntype = "spec-add-tag"\ntag = "T"\nvalue = "{value}"\n'


def values(component: object) -> list[str]:
    return [overlay.value for overlay in component.overlays]  # type: ignore[attr-defined]


def test_order_and_metadata(load: Load) -> None:
    project = load(
        {
            "azldev.toml": 'includes = ["c/x.toml"]\ndefault-component-config.overlay-files = ["o/**/*.toml"]\n'
            "[components.y]",
            "c/x.toml": '[components.x]\noverlay-files = ["o/last.toml", "o/**/[!l]*.toml", "o/*.toml", "none/*"]\n'
            'overlays = [{ type = "spec-add-tag", tag = "T", value = "inline" }]',
            "c/o/z/a.toml": overlay_file("za"),
            "c/o/b.toml": overlay_file("b"),
            "c/o/last.toml": overlay_file("last"),
            "o/y.toml": overlay_file("y"),
        }
    )
    assert values(project.component("x")) == ["inline", "last", "za", "b"]
    assert values(project.component("y")) == ["y"], "patterns that are inherited begin where the component is defined"
    metadata = project.component("x").overlays[1].metadata
    assert metadata is not None
    assert metadata.category == "azl-pruning"


BAD_METADATA = [
    ("", "metadata: missing key 'category'"),
    ('metadata = "x"\n', "metadata: expected a table"),
    ('[metadata]\ncategory = "azl-pruning"\nupstream-status = "so"\n', "metadata.upstream-status: 'so' is not one of"),
    ('[metadata]\ncategory = "upstream-backport"\nupstream-status = "upstreamed"\n', "metadata: category upstream"),
]


@pytest.mark.parametrize(("metadata", "told"), BAD_METADATA)
def test_bad_metadata_is_left_out_when_permissive(load: Load, metadata: str, told: str) -> None:
    overlay = '[[overlays]]\ntype = "spec-add-tag"\ntag = "T"\nvalue = "1"\n'
    root = '[components.x]\noverlay-files = ["o.toml"]\n'
    with pytest.raises(ConfigError):
        load({"azldev.toml": root, "o.toml": metadata + overlay})
    project = load({"azldev.toml": root, "o.toml": metadata + overlay}, permissive=True)
    assert values(project.component("x")) == ["1"]
    assert project.component("x").overlays[0].metadata is None
    warnings = [f"{dotted(fault.key)}: {fault.what} ({fault.hint})" for fault in project.warnings]
    assert warnings[0].startswith(told)
    assert warnings[0].endswith("(its metadata is left out)")


def test_a_permissive_reader_takes_no_bad_overlays(load: Load) -> None:
    root = '[components.x]\noverlay-files = ["o.toml"]\n'
    wrong = METADATA + '[[overlays]]\ntype = "spec-add-tag"\ntag = "T"\n'
    with pytest.raises(ConfigError, match="requires value field"):
        load({"azldev.toml": root, "o.toml": wrong}, permissive=True)
    project = load({"azldev.toml": root, "o.toml": overlay_file("1") + "more = 1\n"}, permissive=True)
    assert values(project.component("x")) == ["1"]


def test_an_empty_list_inherits_nothing(load: Load) -> None:
    project = load(
        {
            "azldev.toml": 'default-component-config.overlay-files = ["o.toml"]\n[components.x]\noverlay-files = []\n'
            "[components.y]",
            "o.toml": overlay_file("1"),
        }
    )
    assert values(project.component("x")) == []
    assert values(project.component("y")) == ["1"]


def test_sources_are_beside_the_overlay_file(load: Load, tmp_path: Path) -> None:
    project = load(
        {
            "azldev.toml": '[components.x]\noverlay-files = ["o/f.toml"]',
            "o/f.toml": METADATA + '[[overlays]]\ntype = "patch-add"\nsource = "p.patch"',
        }
    )
    assert project.component("x").overlays[0].source == tmp_path / "o/p.patch"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (METADATA, "overlay file declares no overlays"),
        ("[[overlays]]\ntype = 'file-remove'\nfile = 'a'", "missing key 'metadata'"),
        (
            METADATA + "[[overlays]]\ntype = 'file-remove'\nfile = 'a'\nmetadata.category = 'azl-pruning'\n"
            "metadata.upstream-status = 'unknown'",
            "per-overlay metadata is not allowed inside an overlay file",
        ),
        (METADATA + "[[overlays]]\ntype = 'file-remove'\nfile = '/a'", "overlay type file-remove requires file to be"),
        (METADATA + "new = 1", "unknown key 'new'"),
        (
            METADATA + "[[overlays]]\ntype = 'spec-set-macro'\nmacro = 'm'\nvalue = 'v'",
            "unknown key 'type' in an azldev project",
        ),
    ],
)
def test_what_is_wrong(problems: Problems, text: str, words: str) -> None:
    told = problems({"azldev.toml": '[components.x]\noverlay-files = ["o.toml"]', "o.toml": text})
    assert words in told[0]
    assert told[0].startswith("o.toml")


def test_a_name_that_is_not_there(problems: Problems) -> None:
    told = problems('[components.x]\noverlay-files = ["absent.toml"]')
    assert told[0].startswith(
        "azldev.toml:2 components.x.overlay-files: overlay-files pattern matched no files: 'absent.toml'"
    )
