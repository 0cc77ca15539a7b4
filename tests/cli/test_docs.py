"""What the reference says can be typed: every `boatyard …` of its pages is understood, and those that look only run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.cli.completion import all_words
from boatyard.cli.main import ALIASES, NOUNS, main, noun_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PAGES = ("configuration", "json-output")
PROJECT = """
[project]
default-distro = { name = "d", version = "1" }
[distros.d.versions.1]
release-ver = "1"
[components.less]
spec = { type = "local", path = "less.spec" }
[component-groups.tools]
components = ["less"]
[images.disk]
description = "A disk"
definition = { type = "kiwi", path = "disk.kiwi" }
"""
# What stands in a page for something to fill in.
MEANT = {
    "DIR": ".",
    "FILE": "over.toml",
    "GROUP": "tools",
    "NAME": "less",
    "GLOB": "l*",
    "SHELL": "bash",
    "REF": "HEAD",
}
JSON_PATHS = re.compile(r"^## (.+)$", re.MULTILINE)


def commands(page: str) -> list[str]:
    """Every `boatyard …` of a page, in code spans and code blocks."""
    text = (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"(?:^|`)(boatyard .+?)(?:  |`|$)", text, re.MULTILINE)))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command in a small project; what it prints."""
    for name, text in {"azldev.toml": PROJECT, "less.spec": "Name: less\n", "disk.kiwi": "", "over.toml": ""}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))

    def said(*words: str) -> str:
        assert main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return said


def test_the_pages_have_commands() -> None:
    assert len(commands("configuration")) >= 12


@pytest.mark.parametrize("command", [command for page in PAGES for command in commands(page)])
def test_every_command_of_the_pages_runs(run: Callable[..., str], command: str) -> None:
    words = [MEANT.get(word, word) for word in shlex.split(command)[1:]]
    assert run(*words)


def test_every_section_of_the_json_page_is_json(run: Callable[..., str]) -> None:
    text = (ROOT / "docs/reference/json-output.md").read_text(encoding="utf-8")
    verbs = [verb for heading in JSON_PATHS.findall(text) for verb in re.findall(r"`([a-z-]+ [a-z-]+)`", heading)]
    assert {"component list", "component query", "package list", "image list", "config dump"} <= set(verbs)
    for verb in (verb for verb in verbs if verb.endswith((" list", " query", " dump"))):
        assert json.loads(run(*verb.split(), "-o", "json")) is not None
    assert json.loads(run("config", "dump", "--origin", "-o", "json"))[0].keys() == {"key", "value", "file", "line"}


PLACES = sorted(all_words())


@pytest.mark.parametrize("place", PLACES)
def test_help_is_there_and_names_no_module(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*place.split(), "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    noun, *verb = [*place.split(), ""]
    assert text.startswith(" ".join(["usage: boatyard", ALIASES.get(noun, noun), *verb]).rstrip())
    assert not re.search(r"boatyard\.(?!fish|toml)\w|\bsrc/|\.py\b|Namespace|SUPPRESS", text), text
    assert max(map(len, text.splitlines())) <= 200


def test_help_lists_every_noun(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["-C", "."]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        text = capsys.readouterr().out
        assert [noun for noun in NOUNS if not re.search(rf"^ +{noun}\b", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("words", "noun"),
    [
        ([], None),
        (["component", "list"], "component"),
        (["comp", "list"], "component"),
        (["-C", "package", "component", "list"], "component"),
        (["--project=image", "-qv", "pkg", "list"], "package"),
        (["--config-file", "config", "--config-file", "repo", "--permissive-config", "config", "dump"], "config"),
        (["--help", "component"], None),
        (["--version"], None),
        (["nonsense", "component"], None),
    ],
)
def test_the_noun_is_found(words: list[str], noun: str | None) -> None:
    assert noun_of(words) == noun


def test_options_before_the_noun_and_after_the_verb(run: Callable[..., str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "azldev.toml").write_text("[components.more]\n")
    (tmp_path / "one.toml").write_text("[components.one]\n")
    (tmp_path / "two.toml").write_text("[components.two]\n")

    def names(*words: str) -> list[str]:
        return [record["name"] for record in json.loads(run(*words))]

    assert names("component", "list", "-C", "other", "-O", "json") == ["more"]
    assert names("-C", "other", "component", "list", "-o", "json") == ["more"]
    assert names("-C", "nowhere", "comp", "list", "-C", "other", "-o", "json") == ["more"]
    both = ("--config-file", "one.toml", "component", "list", "--config-file", "two.toml", "-qao", "json")
    assert names(*both) == ["less", "one", "two"]
    assert names("--color", "never", "-y", "comp", "list", "-a", "-y", "--skip-lock-validation", "-o", "json") == [
        "less"
    ]
    assert names("comp", "list", "--component", "l*", "--component-group", "tools", "-o", "json") == ["less"]
