"""Which file and line sets a value: always one that is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.dump import origins
from boatyard.config.fault import dotted

if TYPE_CHECKING:
    from tests.config.conftest import Load


def told(load: Load, files: dict[str, str]) -> dict[str, list[str]]:
    """`file:line value` of each origin by key."""
    found: dict[str, list[str]] = {}
    for origin in origins(load({"azldev.toml": 'includes = ["*.inc"]', **files})):
        found.setdefault(dotted(origin.key), []).append(f"{origin.file.name}:{origin.line} {origin.value!r}")
    return found


def test_of_values_that_override_the_last_counts(load: Load) -> None:
    files = {
        "a.inc": "[project]\ndescription = 'a'\n[project.default-distro]\nname = ''",
        "b.inc": "[project]\ndescription = 'b'",
        "c.inc": "[project]\ndescription = ''",
    }
    assert told(load, files)["project.description"] == ["b.inc:2 'b'"]


def test_a_version_that_is_replaced_has_no_part_any_more(load: Load) -> None:
    files = {
        "a.inc": "[distros.d.versions.1]\nrelease-ver = '1'\ndescription = 'old'",
        "b.inc": "[distros.d.versions.1]\ndescription = 'new'",
    }
    found = told(load, files)
    assert found["distros.d.versions.1.description"] == ["b.inc:2 'new'"]
    assert "distros.d.versions.1.release-ver" not in found


def test_resources_are_replaced_whole(load: Load) -> None:
    repo = "[resources.rpm-repos.r]\ndisable-gpg-check = true\n"
    files = {"a.inc": repo + "metalink = 'http://h/m'", "b.inc": repo + "base-uri = 'http://h/b'"}
    found = told(load, files)
    assert found["resources.rpm-repos.r.base-uri"] == ["b.inc:3 'http://h/b'"]
    assert "resources.rpm-repos.r.metalink" not in found


def test_lists_that_add_up_come_from_every_file(load: Load) -> None:
    files = {
        "a.inc": "[default-component-config]\nbuild.with = ['a']\noverlay-files = ['a']",
        "b.inc": "[default-component-config]\nbuild.with = ['b']\noverlay-files = ['b*']",
    }
    found = told(load, files)
    assert found["default-component-config.build.with"] == ["a.inc:2 ['a']", "b.inc:2 ['b']"]
    assert found["default-component-config.overlay-files"] == ["b.inc:3 ['b*']"]


def test_equal_values_come_from_the_last_file(load: Load) -> None:
    files = {"a.inc": "[project]\ndescription = 'x'", "b.inc": "\n[project]\ndescription = 'x'"}
    assert told(load, files)["project.description"] == ["b.inc:3 'x'"]
