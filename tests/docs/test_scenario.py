"""The reference of scenarios has every key, and its examples are scenarios."""

from __future__ import annotations

import re
import tomllib

import pytest
from tests.docs.page import ROOT
from tests.docs.test_answers import keys_of

from boatyard.trial.scenario import BUILT_IN, Scenario
from boatyard_installer.decode import decode

PAGES = ("docs/reference/scenario.md", "docs/how-to/try-a-deployment.md")
EXAMPLES = [
    (page, number, text)
    for page in PAGES
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL))
    if "image =" in text
]


def test_every_key_is_there() -> None:
    text = (ROOT / PAGES[0]).read_text("utf-8")
    missing = {key for key in (*keys_of(Scenario), *BUILT_IN) if not re.search(rf"(?<![a-z-]){key}(?![a-z-])", text)}
    assert not missing


@pytest.mark.parametrize(("page", "number", "text"), EXAMPLES, ids=[f"{page}-{number}" for page, number, _ in EXAMPLES])
def test_examples_are_scenarios(page: str, number: int, text: str) -> None:
    told: list[object] = []
    assert isinstance(decode(Scenario, tomllib.loads(text), (), told), Scenario), (page, number, told)  # type: ignore[arg-type]
