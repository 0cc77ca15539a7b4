"""Completion scripts: they hold every noun, verb and option, and the shells complete by them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from boatyard.cli.completion import SHELLS, Word, all_words, bash_script, fish_script
from boatyard.cli.main import NOUNS, main

if TYPE_CHECKING:
    from pathlib import Path

TRIED = """
t() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _boatyard; echo "${COMPREPLY[*]}"; }
t boatyard comp
t boatyard -C component component li
t boatyard component list -o ""
t boatyard comp list x --perm
t boatyard --config-file /etc/passw
t boatyard completion z
"""
COMPLETED = ["component comp component-group completion", "list", "table json csv markdown", "--permissive-config"]


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_every_place_has_its_words() -> None:
    words = all_words()
    names = {name for word in words[""] for name in word.names}
    assert {*NOUNS, "comp", "pkg", "-C", "--project", "--version"} <= names
    assert {word.names[0] for word in words["component"]} >= {"list", "query", "add", "build", "render"}
    assert words["pkg list"] == words["package list"]
    formats = next(word for word in words["component list"] if "-o" in word.names)
    assert formats.values == ("table", "json", "csv", "markdown")
    hidden = [word for found in words.values() for word in found if {"-y", "--color"} & set(word.names)]
    assert hidden == []


def test_scripts_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        assert "component" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["completion", "tcsh"])


@pytest.mark.tool
@needs("bash")
def test_bash(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(bash_script(all_words()) + TRIED)
    done = subprocess.run(["bash", "-u", tmp_path / "script"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.rstrip() for line in lines[:4]] == COMPLETED
    assert "/etc/passwd" in lines[4].split()
    assert lines[5] == "zsh"
    assert done.stderr == ""


@pytest.mark.tool
@needs("zsh")
def test_zsh_reads_it(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(bash_script(all_words(), zsh=True))
    load = "autoload -U compinit && compinit -u -d $1.dump && . $1 && print $_comps[boatyard]"
    done = subprocess.run(["zsh", "-fc", load, "zsh", tmp_path / "script"], capture_output=True, text=True, check=True)
    assert "_boatyard" in done.stdout
    assert done.stderr == ""


@pytest.mark.tool
@needs("fish")
def test_fish(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(fish_script(all_words()))
    lines = "'comp' '-C x component li' 'component list -o '"
    tried = f'source script; for line in {lines}; complete -C "boatyard $line"; end'
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["fish", "-c", tried], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    names = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert names == ["comp", "completion", "component", "component-group", "list", "csv", "json", "markdown", "table"]


def test_fish_quotes() -> None:
    script = fish_script({"": [Word(("it's",), "a \\ b")]})
    assert script.endswith("-f -a 'it\\'s' -d 'a \\\\ b'\n")
