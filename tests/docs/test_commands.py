"""Every command in the documentation exists; the quick ones do what their page says, the tutorial as a whole works."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING

import pytest
from tests.docs.commands import Reader
from tests.docs.page import PAGES, ROOT, blocks, name_of, prose, steps

from boatyard.cli.main import NOUNS, make_parser

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

TUTORIAL = ROOT / "docs/tutorial/first-distribution.md"
HOW_TO = sorted((ROOT / "docs/how-to").glob("*.md"))
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
SPOKEN = re.compile(r"`boatyard ([a-z][a-z-]*)(?: ([a-z][a-z|-]*))?[^`]*`")


def check_words(words: list[str]) -> None:
    """The real parser takes them: SystemExit when it does not."""
    program, *arguments = words
    if program == "make":
        assert set(arguments) <= set(TARGETS), arguments
    elif program == "boatyard":
        make_parser(next((word for word in arguments if word in NOUNS), None)).parse_args(arguments)


def verbs_of(noun: str) -> set[str]:
    """The verbs of a noun; none when it is a command by itself."""
    parser = make_parser(noun)
    for name in (None, noun):
        actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if name is None:
            parser = actions[0].choices[noun]
        elif actions:
            return set(actions[0].choices)
    return set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for block in blocks(page):
        for step in steps(block) if block.language == "console" else ():
            try:
                check_words(step.words)
            except (SystemExit, AssertionError) as error:
                helped = isinstance(error, SystemExit) and error.code == 0
                wrong += [] if helped else [f"{name_of(page)}:{step.line}: {step.command}\n{capsys.readouterr().err}"]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_spoken_of_is_one(page: Path) -> None:
    wrong = []
    for number, line in prose(page):
        for noun, verbs in SPOKEN.findall(line):
            unknown = noun not in NOUNS or (verbs and not set(verbs.split("|")) <= (verbs_of(noun) or {verbs}))
            wrong += [f"{name_of(page)}:{number}: boatyard {noun} {verbs}"] if unknown else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.tool
@pytest.mark.parametrize("page", HOW_TO, ids=name_of)
def test_how_to_pages_work_on_the_tutorials_project(page: Path, tmp_path: Path, run: HostRunner) -> None:
    reader = Reader(tmp_path, tmp_path / "home", run)
    reader.follow(TUTORIAL)
    assert (reader.folder / "boatyard.toml").is_file()
    reader.follow(page)


@pytest.mark.tool
@pytest.mark.network
@pytest.mark.vm
def test_the_tutorial_works(tmp_path: Path, run: HostRunner) -> None:
    """From an empty folder to a distribution that has booted: every command of the page, every line it shows."""
    if os.geteuid() != 0:
        pytest.skip("images need root")
    Reader(tmp_path, tmp_path / "home", run).follow(TUTORIAL, everything=True)
