"""Includes: order, patterns, diamonds, circles."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.config.expand import expand
from boatyard.config.load import find_root, load_root, user_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.config.conftest import Load, Problems


def names(project: object, folder: Path) -> list[str]:
    documents = project.documents[1:]  # type: ignore[attr-defined]  # the first are the embedded defaults
    return [str(document.path.relative_to(folder)) for document in documents]


def test_an_includer_comes_before_what_it_includes(load: Load, tmp_path: Path) -> None:
    project = load(
        {
            "azldev.toml": 'includes = ["b/*.toml", "a.toml"]\n[project]\ndescription = "root"',
            "a.toml": '[project]\ndescription = "a"',
            "b/2.toml": 'includes = ["sub/3.toml"]\n[project]\ndescription = "two"\noutput-dir = "o"',
            "b/1.toml": "",
            "b/.0.toml": "",
            "b/sub/3.toml": "",
        }
    )
    assert names(project, tmp_path) == ["azldev.toml", "b/.0.toml", "b/1.toml", "b/2.toml", "b/sub/3.toml", "a.toml"]
    assert project.settings.description == "a"
    assert project.settings.output_dir == tmp_path / "b/o"
    assert project.settings.lock_dir == tmp_path / "locks"


def test_a_diamond_is_read_once(load: Load, tmp_path: Path) -> None:
    project = load(
        {
            "azldev.toml": 'includes = ["a.toml", "b.toml"]',
            "a.toml": 'includes = ["d.toml"]',
            "b.toml": 'includes = ["d.toml", "./x/../d.toml"]',
            "d.toml": "[components.x]",
        }
    )
    assert names(project, tmp_path) == ["azldev.toml", "a.toml", "d.toml", "b.toml"]
    assert list(project.components) == ["x"]


def test_a_circle_shows_the_way(problems: Problems) -> None:
    told = problems(
        {"azldev.toml": 'includes = ["a.toml"]', "a.toml": 'includes = ["b.toml"]', "b.toml": 'includes = ["a.toml"]'}
    )
    assert len(told) == 1
    assert "circular include detected: azldev.toml -> a.toml -> b.toml -> a.toml" in told[0]


def test_a_circle_through_a_link(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "link.toml").symlink_to("azldev.toml")
    assert "circular include detected" in problems('includes = ["link.toml"]')[0]


def test_a_missing_file_is_an_error_and_an_empty_glob_is_not(problems: Problems, tmp_path: Path) -> None:
    told = problems('includes = ["none-*.toml", "absent.toml", "{x,y}.toml", ""]')
    assert told[0].startswith(
        "azldev.toml:1 includes[1]: failed to find include file 'absent.toml' referenced in config"
    )
    assert "includes[2]: failed to find include file '{x,y}.toml'" in told[1]
    assert "includes[3]: cannot include ''" in told[2]
    assert len(told) == 3


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*.t", ["1.t", "a/.h/3.t", "a/2.t", "b/4.t"]),
        ("{b,a}/*.t", ["b/4.t", "a/2.t"]),
        ("**", ["1.t", "a/.h/3.t", "a/2.t", "b/4.t"]),
        ("a/**/3.t", ["a/.h/3.t"]),
        ("[ab]/[!4]*", ["a/2.t"]),
        ("x\\*", ["x*"]),
        ("a/../*.t", ["1.t"]),
        ("absent/*", []),
    ],
)
def test_patterns_find_files(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    for name in ["1.t", "a/2.t", "a/.h/3.t", "b/4.t", *(["x*", "xy"] if "x" in pattern else [])]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in expand(tmp_path, pattern)]
    assert sorted(found) == sorted(expected)
    if pattern != "**/*.t" and pattern != "**":
        assert found == expected


def test_a_search_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boatyard.config.expand.MAX_FOLDERS", 50)
    for number in range(20):
        (tmp_path / f"{number}/a").mkdir(parents=True)
    assert expand(tmp_path, "**/x.toml") == []
    with pytest.raises(ValueError, match="more than 50 folders"):
        expand(tmp_path, "**/**/x.toml")


def test_links_that_go_round_end(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to("../..")
    (tmp_path / "a/side").symlink_to("b")
    (tmp_path / "a/b/f.t").touch()
    assert [str(path.relative_to(tmp_path)) for path in expand(tmp_path, "**/f.t")][:1] == ["a/b/f.t"]


def test_a_malformed_pattern_is_an_error(problems: Problems) -> None:
    assert "cannot include '[a': pattern '[a' opens a class that is never closed" in problems('includes = ["[a"]')[0]


def test_the_root_is_found_upwards_and_boatyard_goes_first(tmp_path: Path) -> None:
    (tmp_path / "azldev.toml").touch()
    (tmp_path / "in/side").mkdir(parents=True)
    assert find_root(tmp_path / "in/side") == tmp_path / "azldev.toml"
    (tmp_path / "boatyard.toml").write_text('includes = ["azldev.toml"]')
    assert find_root(tmp_path / "in/side") == tmp_path / "boatyard.toml"
    (tmp_path / "in/azldev.toml").touch()
    assert find_root(tmp_path / "in/side") == tmp_path / "in/azldev.toml"


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"could not find config file: azldev\.toml"):
        find_root(tmp_path)


def test_config_files_are_laid_over(tmp_path: Path) -> None:
    (tmp_path / "azldev.toml").write_text('[project]\ndescription = "root"')
    (tmp_path / "x").mkdir()
    (tmp_path / "x/1.toml").write_text('[project]\ndescription = "one"\nlock-dir = "l"')
    (tmp_path / "x/2.toml").write_text('[project]\ndescription = "two"')
    project = load_root(tmp_path / "azldev.toml", config_files=[tmp_path / "x/1.toml", tmp_path / "x/2.toml"])
    assert project.settings.description == "two"
    assert project.settings.lock_dir == tmp_path / "x/l"


def test_boatyards_own_user_file(tmp_path: Path) -> None:
    for name in ("azldev", "boatyard"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(f'project.description = "{name}"\n')
    files = user_files({"XDG_CONFIG_HOME": str(tmp_path)})
    assert [file.parent.name for file in files] == ["azldev", "boatyard"]
    (tmp_path / "azldev.toml").touch()
    assert load_root(tmp_path / "azldev.toml", config_files=files).settings.description == "boatyard"
    (tmp_path / "boatyard/config.toml").write_text("[channels.base]\n")
    assert list(load_root(tmp_path / "azldev.toml", config_files=files).channels) == ["base"]
    (tmp_path / "azldev/config.toml").write_text("[channels.base]\n")
    with pytest.raises(ConfigError, match="unknown key 'channels' in an azldev project"):
        load_root(tmp_path / "azldev.toml", config_files=files)


def test_what_is_there_and_no_file(tmp_path: Path, problems: Problems) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "broken").symlink_to("nothing")
    told = problems('includes = ["folder", "pipe", "round", "broken", "/dev/zero", "absent", "*/x"]')
    assert [line.rpartition(" (")[2] for line in told] == [
        *["what is there is no plain file)"] * 5,
        "correct the name or remove the line)",
    ]


def test_the_users_file(tmp_path: Path) -> None:
    file = tmp_path / "azldev/config.toml"
    file.parent.mkdir()
    file.touch()
    assert user_files({"XDG_CONFIG_HOME": str(tmp_path)}) == (file,)
    assert user_files({"XDG_CONFIG_HOME": "relative", "HOME": str(tmp_path)}) == ()
    assert user_files({"HOME": "relative"}) == ()
    (tmp_path / ".config").symlink_to(tmp_path)
    assert user_files({"HOME": str(tmp_path)}) == (tmp_path / ".config/azldev/config.toml",)
