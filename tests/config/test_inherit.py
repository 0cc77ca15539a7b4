"""Merging over files and inheriting: distribution, project, groups, component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.config.merge import over
from boatyard.config.model.component import DistroRef, LocalSpec, UnstatedSpec, UpstreamSpec
from boatyard.config.model.overlay import type_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Load, Problems

DISTRO = """
[project]
default-distro = { name = "d" }
[distros.d]
default-version = "1"
[distros.d.versions.1]
release-ver = "1"
[distros.d.versions.1.default-component-config]
spec = { type = "upstream", upstream-distro = { name = "f", version = "43", snapshot = "2026-02-24T00:00:00Z" } }
build.with = ["from-distro"]
"""


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": "x", "b": ["x"], "c": {"k": 1}}, {"a": "", "b": [], "c": {}}, {"a": "x", "b": ["x"], "c": {"k": 1}}),
        ({"skip": True}, {"skip": False}, {"skip": False}),
        ({"t": {"a": 1, "b": 2}}, {"t": {"b": 3}}, {"t": {"a": 1, "b": 3}}),
        ({"with": ["a"]}, {"with": ["a", "b"]}, {"with": ["a", "a", "b"]}),
        ({"defines": {"x": "1", "y": "2"}}, {"defines": {"y": "3"}}, {"defines": {"x": "1", "y": "3"}}),
        (
            {"packages": {"p": {"publish": {"rpm-channel": "a", "debuginfo-channel": "b"}}}},
            {"packages": {"p": {"publish": {"rpm-channel": "c"}}}},
            {"packages": {"p": {"publish": {"rpm-channel": "c"}}}},
        ),
        ({"overlay-files": ["a"]}, {"overlay-files": ["b"]}, {"overlay-files": ["b"]}),
        ({"overlay-files": ["a"]}, {"overlay-files": []}, {"overlay-files": []}),
    ],
)
def test_over(low: dict[str, object], high: dict[str, object], expected: dict[str, object]) -> None:
    before = repr((low, high))
    assert over(low, high, lists="append") == expected
    assert repr((low, high)) == before


def test_lists_of_distributions_are_replaced() -> None:
    assert over({"repos": [1]}, {"repos": [2]}, lists="replace") == {"repos": [2]}


def test_the_layers_of_a_component(load: Load, tmp_path: Path) -> None:
    project = load(
        DISTRO
        + """
        [default-component-config]
        build.with = ["from-project"]
        overlays = [{ type = "spec-add-tag", tag = "A", value = "1" }]
        [component-groups.z]
        components = ["x"]
        default-component-config.build = { with = ["from-z"], check = { skip = true, skip_reason = "z" } }
        [component-groups.a]
        components = ["x", "plain"]
        default-component-config.build = { with = ["from-a"], check = { skip = true, skip_reason = "a" } }
        [components.x]
        spec = { type = "upstream", upstream-distro = { name = "g" }, upstream-name = "y" }
        build = { with = ["own"], check = { skip = false } }
        overlays = [{ type = "file-add", file = "f", source = "s/f" }]
        [components.plain]
        [components.other]
        """
    )
    x = project.component("x")
    assert x.build.with_ == ("from-distro", "from-project", "from-a", "from-z", "own")
    assert x.groups == ("a", "z")
    assert [type_of(overlay) for overlay in x.overlays] == ["spec-add-tag", "file-add"]
    assert x.overlays[1].source == tmp_path / "s/f"  # type: ignore[union-attr]
    assert x.spec == UpstreamSpec(
        upstream_distro=DistroRef(name="g", version="43", snapshot="2026-02-24T00:00:00Z"), upstream_name="y"
    )
    assert x.build.check.skip is False, "a false that is written overrides, which azldev cannot"
    assert project.component("plain").build.check.skip_reason == "a"
    assert project.component("plain").build.with_ == ("from-distro", "from-project", "from-a")
    assert project.component("other").build.with_ == ("from-distro", "from-project")
    assert project.component("other").name == "other"


def test_a_local_spec_leaves_what_only_upstream_specs_have(load: Load, tmp_path: Path) -> None:
    project = load(DISTRO + '[components.x]\nspec = { type = "local", path = "x/x.spec" }')
    spec = project.component("x").spec
    assert isinstance(spec, LocalSpec)
    assert spec.path == tmp_path / "x/x.spec"
    assert spec.upstream_distro.name == "f", "its lookaside is that of the distribution"


def test_a_spec_without_type_inherits_it(load: Load) -> None:
    project = load(DISTRO + '[components.x.spec.upstream-distro]\nversion = "44"')
    assert project.component("x").spec == UpstreamSpec(
        upstream_distro=DistroRef(name="f", version="44", snapshot="2026-02-24T00:00:00Z")
    )
    assert load("[components.x]").component("x").spec == UnstatedSpec()


def test_versions_are_replaced_whole(load: Load) -> None:
    project = load(
        {
            "azldev.toml": 'includes = ["a.toml"]\n' + DISTRO,
            "a.toml": '[distros.d]\ndescription = "new"\n[distros.d.versions.1]\ndist-git-branch = "b"',
        }
    )
    distro, version = project.distro_version()
    assert (distro.description, distro.default_version) == ("new", "1")
    assert (version.release_ver, version.dist_git_branch) == ("", "b")


def test_duplicates_are_errors(problems: Problems) -> None:
    text = "[components.c]\n[component-groups.g]\n[images.i]\n[package-groups.p]\n[test-suites.t]\ntype = 'lisa'"
    told = problems({"azldev.toml": 'includes = ["a.toml"]\n' + text, "a.toml": text})
    assert [line.split(": ", 1)[1].split(" (")[0] for line in told] == [
        "duplicate component: c",
        "duplicate component group: g",
        "duplicate image: i",
        "duplicate package group: p",
        "duplicate test suite: t",
    ]
    assert told[0].startswith("a.toml:1 components.c: ")
    assert "azldev.toml has it too" in told[0]


def test_components_spread_over_files(load: Load, tmp_path: Path) -> None:
    project = load(
        {
            "boatyard.toml": 'includes = ["a/a.toml"]\n[project]\nmerge-components = true\n'
            '[components.c.build]\nwith = ["x"]\n',
            "a/a.toml": '[components.c]\nbuild.with = ["y"]\noverlays = [{ type = "patch-add", source = "p.patch" }]',
        },
        root="boatyard.toml",
    )
    component = project.component("c")
    assert component.build.with_ == ("x", "y")
    assert component.overlays[0].source == tmp_path / "a/p.patch"  # type: ignore[union-attr]
    assert component.file == tmp_path / "boatyard.toml"


def test_groups_find_specs(load: Load, tmp_path: Path) -> None:
    for name in ("SPECS/a/a.spec", "SPECS/b/b.spec", "SPECS/old/c.spec", "SPECS/a/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    project = load(
        """
        [component-groups.g]
        specs = ["SPECS/**/*"]
        excluded-paths = ["SPECS/old/**"]
        components = ["named"]
        default-component-config.build.with = ["g"]
        [components.b.build]
        without = ["w"]
        [components.named]
        """
    )
    assert project.group_members["g"] == ("named", "a", "b")
    assert project.component("a").spec == LocalSpec(path=tmp_path / "SPECS/a/a.spec")
    assert project.component("a").file == tmp_path / "SPECS/a/a.spec"
    b = project.component("b")
    assert (b.spec, b.build.with_, b.build.without) == (LocalSpec(path=tmp_path / "SPECS/b/b.spec"), ("g",), ("w",))
    assert "c" not in project.components


def test_a_spec_whose_name_is_no_name_of_a_component(problems: Problems) -> None:
    root = '[component-groups.g]\nspecs = ["**/*.spec"]'
    assert "cannot be called so: 'a b'" in problems({"azldev.toml": root, "s/a b.spec": ""})[0]


def test_a_component_with_two_specs(problems: Problems, tmp_path: Path) -> None:
    for name in ("x/a.spec", "y/a.spec"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    told = problems('[component-groups.g]\nspecs = ["*/*.spec"]')
    assert len(told) == 1
    assert "component 'a' has two specs: x/a.spec and y/a.spec" in told[0]


def test_undefined_names_are_all_told(problems: Problems) -> None:
    told = problems(
        """
        [project]
        default-distro.name = "dd"
        [distros.d]
        [components.bash]
        [component-groups.g]
        components = ["bsh", "bash", "zzz"]
        [images.i]
        tests.test-suites = [{ name = "smoke" }]
        [package-groups.a]
        packages = ["p"]
        [package-groups.b]
        packages = ["q", "p"]
        """
    )
    assert [line.split(": ", 1)[0] for line in told] == [
        "azldev.toml:3 project.default-distro",
        "azldev.toml:7 component-groups.g.components[0]",
        "azldev.toml:7 component-groups.g.components[2]",
        "azldev.toml:9 images.i.tests.test-suites[0]",
        "azldev.toml:13 package-groups.b.packages[1]",
    ]
    assert [line.split(": ", 1)[1] for line in told[1:4]] == [
        "undefined component reference: component group 'g' references component 'bsh' (did you mean 'bash'?)",
        "undefined component reference: component group 'g' references component 'zzz' (known: bash)",
        "undefined test suite reference: image 'i' references test suite 'smoke' (add [test-suites.smoke])",
    ]
    assert "undefined distro 'dd' (did you mean 'd'?)" in told[0]
    assert "package 'p' is in the package group 'a' too" in told[4]


def test_permissive_loading_keeps_them_as_warnings(load: Load) -> None:
    project = load('[project]\ndefault-distro.name = "dd"\nnonsense = 1\n[components.a]', permissive=True)
    assert [fault.what for fault in project.warnings] == ["undefined distro 'dd'"]
    assert list(project.components) == ["a"]


@pytest.mark.parametrize("path", [".", "..", "/", "x/.."])
def test_results_never_replace_the_project(problems: Problems, path: str) -> None:
    assert "holds the project itself" in problems(f'[project]\noutput-dir = "{path}"')[0]


def test_the_place_of_an_entry(load: Load, tmp_path: Path) -> None:
    project = load({"azldev.toml": 'includes = ["a.toml"]', "a.toml": "\n\n[components.x]\nbuild.with = ['a', 'b']"})
    assert str(project.where("components", "x")) == f"{tmp_path}/a.toml:3 components.x"
    assert (
        str(project.where("components", "x", "build", "with", 1)) == f"{tmp_path}/a.toml:4 components.x.build.with[1]"
    )
    assert project.where("components", "y") is None
