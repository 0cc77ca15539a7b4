"""The page about the check says what the code says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
from tests.check.measure import corpus_facts, snippets

from boatyard.check.check import check
from boatyard.check.facts import Facts, FactsFile
from boatyard.check.kind import TYPES
from boatyard.check.report_json import to_json
from boatyard.check.rule import RULES
from boatyard.check.step import Source
from boatyard.cli import trial

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/trial-check.md").read_text(encoding="utf-8")


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for one in value.values() for key in keys(one)}
    return {key for one in value for key in keys(one)} if isinstance(value, list) else set()


def test_every_rule_is_explained() -> None:
    assert dict(re.findall(r"^\| (SP\d+) \| ([a-z-]+) \|", PAGE, re.MULTILINE)) == {
        rule.id: rule.name for rule in RULES.values()
    }


def test_every_key_of_the_json_is_explained() -> None:
    data = json.loads(to_json(check([Source("x.sh", "htop\n", "shell")], corpus_facts())))
    del data["commands"]["htop"]
    section = PAGE[PAGE.index("## JSON output") : PAGE.index("## Facts about")]
    assert keys(data) - set(re.findall(r"`(\w+)`", section)) == set()


def test_the_facts_shown_are_facts() -> None:
    shown = PAGE[PAGE.index("```json") + 7 :].split("```", 1)[0]
    facts = Facts(msgspec.json.decode(shown, type=FactsFile))
    assert (facts.image, facts.manager, facts.commands["jq"]) == ("other", "dnf", ("jq",))


def test_types_are_the_same_everywhere() -> None:
    assert set(trial.TYPES) == set(TYPES)
    assert {one for one in TYPES if f"| `{one}` |" in PAGE} == set(TYPES)


def test_the_size_of_the_corpus_is_as_told() -> None:
    everything = snippets()
    faults, clean = sum(len(one.faults) for one in everything), sum(not one.faults for one in everything)
    told = " ".join(PAGE.split())
    assert f"a corpus of {len(everything)} files" in told
    assert f"{faults} faults in {len(everything) - clean} files, and {clean} files without any" in told
