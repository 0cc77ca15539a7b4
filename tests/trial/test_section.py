"""Questions in sections, asked of the shells of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.trial.local_shell import AVAILABLE, LocalShell

from boatyard.base.error import ImageError
from boatyard.ports.run import Result
from boatyard.trial.section import Section, ask, compose, parse

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner


def test_answers_come_back_as_they_were_printed() -> None:
    data = b"M user\nada\n\nM id\n0\n\nM one\nfirst\n\nlast\n\nM two\n\nM end\n"
    answers = parse(data, "M", [Section("one", ""), Section("two", "")])
    assert {name: answer.text for name, answer in answers.items()} == {
        "user": "ada\n",
        "id": "0\n",
        "one": "first\n\nlast\n",
        "two": "",
        "end": "",
    }


def test_what_is_too_long_is_cut_and_says_so() -> None:
    data = "M user\nada\nM one\nééé\nM two\nabc\nM end\n".encode()
    answers = parse(data, "M", [Section("one", "", 5), Section("two", "", 3)])
    assert (answers["one"].text, answers["one"].cut) == ("éé�", True)
    assert (answers["two"].text, answers["two"].cut) == ("abc", False)


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_every_shell_runs_the_script(run: HostRunner, shell: str) -> None:
    local = LocalShell(run, shell)
    sections = [
        Section("plain", "printf 'no end of line'"),
        Section("error", "echo out; echo err >&2; exit 7"),
        Section("long", "yes", 10),
        Section("greedy", "cat"),
        Section("quoted", "printf '%s' '`id` $(id) \\ \"'"),
        Section("last", "echo $?; command -v mkfs.none || echo gone"),
    ]
    answers = ask(local, sections, 60)
    assert local.count == 1
    assert answers.root == (os.getuid() == 0)
    assert {name: answer.text for name, answer in answers.sections.items() if name != "end"} == {
        "plain": "no end of line",
        "error": "out\nerr\n",
        "long": "y\ny\ny\ny\ny\n",
        "greedy": "",
        "quoted": '`id` $(id) \\ "',
        "last": "0\ngone\n",
    }
    assert answers["long"].cut
    assert not answers["plain"].cut


@pytest.mark.tool
def test_a_guest_cannot_make_up_sections(run: HostRunner) -> None:
    told = compose([Section("one", "x")], "M").replace("M", "boatyard-0")
    answers = ask(LocalShell(run), [Section("one", f"cat <<'E'\n{told}\nE"), Section("two", "echo 2")], 60)
    assert answers["one"].text == f"{told}\n"
    assert answers["two"].text == "2\n"


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_scripts_may_be_longer_than_an_argument(run: HostRunner, shell: str) -> None:
    sections = [Section(f"s{number}", f": {'x' * 100_000}; echo {number}") for number in range(5)]
    answers = ask(LocalShell(run, shell), sections, 60)
    assert [answers[f"s{number}"].text for number in range(5)] == [f"{number}\n" for number in range(5)]


def test_a_script_that_ends_early_is_an_error() -> None:
    with pytest.raises(ImageError, match="ended early") as caught:
        ask(lambda script, timeout_s=0: Result(137, b"", b"Killed\n"), [Section("one", "")], 60)
    assert caught.value.problems[0].detail == "Killed\n"
