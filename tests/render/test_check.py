"""Skipped checks, and what the real configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BuildError
from boatyard.config.load import load_root
from boatyard.config.model.build import Check
from boatyard.overlay.spec import edit_spec
from boatyard.render.check import skip_check
from boatyard.render.sources_file import with_source_files

if TYPE_CHECKING:
    from pathlib import Path

SKIP = Check(skip=True, skip_reason="why")
TEXTS = [
    ("%check\nmake\n", "%check\n# Check section disabled: why\nexit 0\n\nmake\n"),
    ("%check\n%check -n x\na\n", "%check\n# Check section disabled: why\nexit 0\n\n%check -n x\na\n"),
    (
        "%if 1\n%check\na\n%else\n%check\nb\n%endif\n",
        (
            "%if 1\n%check\n# Check section disabled: why\nexit 0\n\na\n%else\n"
            "%check\n# Check section disabled: why\nexit 0\n\nb\n%endif\n"
        ),
    ),
]


@pytest.mark.parametrize(("before", "after"), TEXTS)
def test_every_check_of_the_main_package_ends_early(before: str, after: str) -> None:
    [edit] = skip_check(SKIP)
    assert edit_spec(edit, before.split("\n")) == after.split("\n")


@pytest.mark.parametrize("text", ["%build\nmake\n", "%Check\nmake\n", "#%check\n", "%check -n x\n"])
def test_a_spec_without_the_section_fails(text: str) -> None:
    [edit] = skip_check(SKIP)
    with pytest.raises(BuildError, match="section not found"):
        edit_spec(edit, text.split("\n"))


def test_checks_are_left_alone_by_default() -> None:
    assert skip_check(Check()) == ()
    assert skip_check(Check(skip_reason="why")) == ()


@pytest.mark.corpus
def test_the_real_configuration(corpus: Path) -> None:
    components = load_root(corpus / "azldev.toml").components
    skipped = [name for name, component in components.items() if skip_check(component.build.check)]
    assert len(skipped) == 187
    own = {"azurelinux-repos", "coreutils", "gdal", "rubygem-em-http-request", "ghc-conduit-extra"}
    assert own <= set(skipped)
    assert sum(component.release.calculation == "manual" for component in components.values()) == 36
    for name in ("kernel", "kernel-headers"):
        before = "SHA512 (upstream.tar.xz) = ab\n"
        added = with_source_files(before, components[name].source_files).removeprefix(before)
        assert added.startswith("SHA512 (kernel-6.18.5.1.tar.gz) = 0d8c755e")
        assert added.endswith("2f9f4a\n")
        assert added.count("\n") == 1
