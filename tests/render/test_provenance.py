"""The macros that tell where a package comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.config.model.build import Build
from boatyard.render.macros import macros
from boatyard.render.provenance import provenance

if TYPE_CHECKING:
    from tests.render.conftest import Site

VERSION, RELEASE = "fedora_upstream_version", "fedora_upstream_release"
SPECS = [
    ("Version: 1.2\nRelease: 3%{?dist}\n", "43", {VERSION: "1.2", RELEASE: "3.fc43"}),
    ("version: 1\nRelease: 3%{dist}.1\nRelease: 4\nVersion: 2\n", "43", {VERSION: "1", RELEASE: "3.fc43.1"}),
    ("Version: 1\nRelease: %autorelease\n", "43", {VERSION: "1"}),
    ("Version: 1\nRelease: 2\n", "rawhide", {}),
    ("Version: 1\nRelease: 2\n", "", {}),
    ("Name: a\n%package\nVersion: 1\n", "43", {}),
]


@pytest.mark.parametrize(("text", "release_ver", "expected"), SPECS)
def test_what_a_spec_states(text: str, release_ver: str, expected: dict[str, str]) -> None:
    assert provenance(text.split("\n"), release_ver) == expected


def test_the_configuration_goes_first() -> None:
    build = Build(defines={VERSION: "mine"}, undefines=(RELEASE,))
    assert macros(build, {VERSION: "1", RELEASE: "2"}) == {VERSION: "mine", RELEASE: "2"}


CONFIG = """\
[components.a]
spec = { type = "upstream", upstream-distro = { name = "Fedora", version = "43" } }
build.emit-upstream-provenance = true
[distros.Fedora.versions.43]
release-ver = "43"
"""


def test_a_rendered_component_tells(site: Site) -> None:
    site.write({
        "azldev.toml": CONFIG,
        "git/a/a.spec": "Name: a\nVersion: 1\nRelease: 2%{?dist}\n",
    })  # fmt: skip
    [result] = site.render(checkouts=site.dir / "git", changes=1)
    assert result.error is None
    files = site.files()
    assert files["a/a/a.azl.macros"].decode().splitlines()[2:] == [f"%{RELEASE} 2.fc43", f"%{VERSION} 1"]
    assert b"Source9999: a.azl.macros\n" in files["a/a/a.spec"]
