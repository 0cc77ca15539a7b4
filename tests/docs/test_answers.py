"""The reference of answers has every key, and its examples are answers."""

from __future__ import annotations

import dataclasses
import re
import typing
from enum import StrEnum

import pytest
from tests.docs.page import ROOT

from boatyard_installer.answers import Answers, load_answers
from boatyard_installer.decode import kinds_of

PAGES = ("docs/reference/answers.md", "docs/how-to/install-unattended.md")
EXAMPLES = [
    (page, number, text)
    for page in PAGES
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL))
]


def keys_of(kind: type) -> set[str]:
    found: set[str] = set()
    for name, one in kinds_of(kind).items():
        found.add(name)
        for inner in (one, *typing.get_args(one)):
            if dataclasses.is_dataclass(inner) and not issubclass(inner, StrEnum):
                found |= keys_of(inner)
    return found


def test_every_key_is_there() -> None:
    text = (ROOT / PAGES[0]).read_text("utf-8")
    missing = {key for key in keys_of(Answers) if not re.search(rf"(?<![a-z-]){key}(?![a-z-])", text)}
    assert not missing


@pytest.mark.parametrize(("page", "number", "text"), EXAMPLES, ids=[f"{page}-{number}" for page, number, _ in EXAMPLES])
def test_examples_are_answers(page: str, number: int, text: str) -> None:
    load_answers(text, f"{page} {number}")
