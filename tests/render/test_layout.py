"""Where rendered components go."""

from __future__ import annotations

from pathlib import Path

import pytest

from boatyard.base.error import ConfigError
from boatyard.render.layout import FAILED_TEXT, alias, check_root, spec_dir

PLACES = [
    ("SDL3", "s/SDL3"),
    ("389-ds-base", "3/389-ds-base"),
    ("7zip", "7/7zip"),
    ("AMF", "a/AMF"),
    ("zlib-ng", "z/zlib-ng"),
    ("libxml++", "l/libxml++"),
]


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_place(name: str, place: str) -> None:
    assert spec_dir(Path("specs"), name) == Path("specs") / place


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        spec_dir(Path("specs"), name)


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("libxml++", "libxml%2B%2B"),
        ("gtkmm2.4", ""),
        ("a_b-c~d.e", ""),
        ("python3.14", ""),
        ("a:b", "a%3Ab"),
        ("a b", "a+b"),
    ],
)
def test_alias(name: str, escaped: str) -> None:
    assert alias(name) == escaped


def test_the_mark_of_a_failure_is_47_bytes() -> None:
    assert len(FAILED_TEXT.encode()) == 47


def test_the_folder_may_not_hold_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    assert check_root(project / "specs", project) == project / "specs"
    assert check_root(tmp_path / "specs", project) == tmp_path / "specs"
    for root in (project, tmp_path, Path("/"), project / "x" / ".."):
        with pytest.raises(ConfigError):
            check_root(root, project)
