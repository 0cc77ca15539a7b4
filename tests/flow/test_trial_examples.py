"""The sample deployments, without a machine: they can be read, and the static check says of them what they are for."""

from __future__ import annotations

import pytest
from tests.check.measure import corpus_facts
from tests.docs.page import ROOT

from boatyard.check.check import check_in_turn
from boatyard.flow.trial.scenario import read_scenario
from boatyard.flow.trial.static import sources_of
from boatyard.trial.assertion.load import load_assertions

FACTS = corpus_facts()  # Skiff's packages, and some more that could be installed
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/scenario.toml"))
EXPECTED = {
    "hello": (set(), 0),
    "sparse": ({"less", "htop"}, 2),
    "broken-cloud-config": (set(), 1),
    "after-reboot": (set(), 0),
    "agent-faults": (set(), 0),
}


def test_every_folder_is_listed() -> None:
    text = (ROOT / "examples/README.md").read_text("utf-8")
    assert set(EXAMPLES) == set(EXPECTED)
    assert all(f"[{name}]({name}/)" in text for name in EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_static_check_says(name: str) -> None:
    placed = read_scenario(ROOT / "examples" / name / "scenario.toml")
    assert placed.name == name
    sources, beside = sources_of(placed.scenario, placed.folder)
    report = check_in_turn(sources, beside, FACTS)
    assert (report.missing_commands(), report.count("error")) == EXPECTED[name], report.findings


@pytest.mark.parametrize("name", EXAMPLES)
def test_checks_can_be_read(name: str) -> None:
    placed = read_scenario(ROOT / "examples" / name / "scenario.toml")
    for file in placed.scenario.checks.files:
        load_assertions(placed.path(file))
