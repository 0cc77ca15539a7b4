"""Repositories, channels and selections, as values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError, NotFoundError
from boatyard.config.channel import Channels, Published, is_debug_package
from boatyard.config.select import Selection, select

if TYPE_CHECKING:
    from tests.config.conftest import Load, Problems

CHANNELS = """
[default-package-config.publish]
channel = "default"
debuginfo-channel = "debug"
[package-groups.g]
packages = ["grouped", "both", "grouped-debuginfo"]
default-package-config.publish.rpm-channel = "group"
[components.plain]
[components.c]
publish = { rpm-channel = "own", srpm-channel = "sources", debuginfo-channel = "own-debug" }
packages.both.publish.rpm-channel = "package"
packages.hidden.publish.rpm-channel = "none"
"""


@pytest.mark.parametrize(
    ("package", "component", "expected"),
    [
        ("p", "", Published("default", ("default-package-config", "publish", "channel"))),
        ("p", "plain", Published("default", ("default-package-config", "publish", "channel"))),
        ("p", "c", Published("own", ("components", "c", "publish", "rpm-channel"))),
        (
            "grouped",
            "c",
            Published("group", ("package-groups", "g", "default-package-config", "publish", "rpm-channel")),
        ),
        ("both", "c", Published("package", ("components", "c", "packages", "both", "publish", "rpm-channel"))),
        ("hidden", "c", Published("none", ("components", "c", "packages", "hidden", "publish", "rpm-channel"))),
        ("p-debuginfo", "", Published("debug", ("default-package-config", "publish", "debuginfo-channel"))),
        ("grouped-debuginfo", "c", Published("own-debug", ("components", "c", "publish", "debuginfo-channel"))),
    ],
)
def test_the_channel_of_a_package(load: Load, package: str, component: str, expected: Published) -> None:
    channels = Channels(load(CHANNELS))
    assert channels.of(package, component) == expected


def test_a_channel_that_is_inherited_is_told_where_it_is_stated(load: Load) -> None:
    text = """
    [project]
    default-distro = { name = "d" }
    [distros.d]
    default-version = "1"
    [distros.d.versions.1.default-component-config]
    publish.rpm-channel = "distro"
    [default-component-config]
    publish.srpm-channel = "sources"
    packages.p.publish.rpm-channel = "package"
    [component-groups.g]
    components = ["c"]
    default-component-config.publish.rpm-channel = "group"
    [components.c]
    [components.d]
    """
    channels = Channels(load(text))
    default = "default-component-config"
    assert channels.of("q", "c").key == ("component-groups", "g", default, "publish", "rpm-channel")
    assert channels.of("q", "d").key == ("distros", "d", "versions", "1", default, "publish", "rpm-channel")
    assert channels.of("p", "c").key == (default, "packages", "p", "publish", "rpm-channel")
    assert channels.of_source("c").key == (default, "publish", "srpm-channel")


def test_the_channel_of_a_source_package(load: Load) -> None:
    channels = Channels(load(CHANNELS))
    assert channels.of_source("c").channel == "sources"
    assert channels.of_source("plain") == Published("")


@pytest.mark.parametrize(
    ("name", "debug"),
    [
        ("kernel-debuginfo-common-x86_64", True),
        ("bash-debugsource", True),
        ("bash-debuginfo", True),
        ("elfutils-debuginfod", False),
        ("debuginfo", False),
    ],
)
def test_debug_packages(name: str, debug: bool) -> None:
    assert is_debug_package(name) is debug


COMPONENTS = """
[component-groups.g]
components = ["c", "b1"]
[components.b2]
[components.b1]
[components.c.spec]
type = "local"
path = "c/c.spec"
[components.d]
"""


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(everything=True), ["b2", "b1", "c", "d"]),
        (Selection(), []),
        (Selection(names=("d", "b2")), ["b2", "d"]),
        (Selection(names=("b*",)), ["b2", "b1"]),
        (Selection(names=("z*",)), []),
        (Selection(groups=("g",)), ["b1", "c"]),
        (Selection(groups=("g",), names=("d",)), ["b1", "c", "d"]),
    ],
)
def test_selections(load: Load, selection: Selection, names: list[str]) -> None:
    assert [component.name for component in select(load(COMPONENTS), selection)] == names


def test_selection_by_spec(load: Load, tmp_path: Path) -> None:
    project = load(COMPONENTS)
    for path in (tmp_path / "c/c.spec", tmp_path / "d/../c/c.spec"):
        assert [found.name for found in select(project, Selection(specs=(path,)))] == ["c"]


def test_all_names_that_are_not_there_are_told(load: Load) -> None:
    with pytest.raises(NotFoundError) as caught:
        select(load(COMPONENTS), Selection(names=("b3", "e"), groups=("h",), specs=(Path("x.spec"),)))
    assert [problem.what for problem in caught.value.problems] == [
        "component not found: b3",
        "component not found: e",
        "component group not found: h",
        "no component has the spec x.spec",
    ]
    with pytest.raises(ConfigError):
        select(load(COMPONENTS), Selection(names=("[b",)))


REPOS = """
[distros.d.versions.1]
inputs = { rpm-build = [{ set = "s" }, { repo = "r" }], image-build = [{ repo = "r" }] }
[resources.rpm-repos.r]
metalink = "https://h/metalink?repo=r"
gpg-key = "https://h/key"
[resources.rpm-repo-sets.s]
template = "koji-dist-repo"
base-uri = "http://h/$releasever/"
name-prefix = "koji-"
subrepos = ["binary", "src"]
gpg-key = "https://h/key"
"""


def test_sets_expand(load: Load) -> None:
    repos = load(REPOS).repos
    assert {name: repo.base_uri for name, repo in repos.items()} == {
        "r": "",
        "koji-binary": "http://h/$releasever/$basearch",
        "koji-src": "http://h/$releasever/src",
    }


def test_keys_beside_the_file(load: Load, problems: Problems, tmp_path: Path) -> None:
    text = '[resources.rpm-repos.r]\nbase-uri = "http://h/r"\ngpg-key = "keys/k"\n'
    project = load({"azldev.toml": 'includes = ["x/a.toml"]', "x/a.toml": text})
    assert project.repos["r"].gpg_key == f"file://{tmp_path}/x/keys/k"
    told = problems(text + '[distros.d.versions.1]\ninputs.rpm-build = [{ repo = "r" }]')
    assert "local file, which a buildroot cannot read" in told[0]


def test_repositories_that_collide(problems: Problems) -> None:
    told = problems(REPOS + '[resources.rpm-repos.koji-src]\nbase-uri = "http://h/s"\ndisable-gpg-check = true')
    assert "repository 'koji-src' exists already" in told[0]
    told = problems(REPOS.replace('{ repo = "r" }]', '{ repo = "koji-src" }]', 1))
    assert "repository 'koji-src' is there twice" in told[0]


def test_looking_up_what_is_not_there(load: Load) -> None:
    project = load(COMPONENTS + "[images.disk]\n[distros.d]\n")
    with pytest.raises(NotFoundError, match="component not found: b3"):
        project.component("b3")
    with pytest.raises(NotFoundError, match="image not found: dsk"):
        project.image("dsk")
    with pytest.raises(NotFoundError, match="no default distro selected"):
        project.distro_version()
    with pytest.raises(NotFoundError, match="names no seed"):
        project.seed_of(project.component("d"))
