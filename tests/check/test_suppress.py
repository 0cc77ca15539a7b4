"""Suppressions with a reason, those that are wrong or not needed, and baselines that survive moved lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.check.measure import corpus_facts

from boatyard.base.error import ConfigError, NotFoundError
from boatyard.check.baseline import baseline_of, read_baseline, without_known, write_baseline
from boatyard.check.check import check
from boatyard.check.step import Source

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.check.finding import Report

FACTS = corpus_facts()


def report(text: str) -> Report:
    return check([Source("x.sh", text, "shell")], FACTS)


def counted(text: str) -> list[tuple[int, str]]:
    return [(one.place.line, one.rule) for one in report(text).findings if one.counts and one.severity != "note"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("htop # boatyard: ignore SP002 by hand only\n", []),
        ("# boatyard: ignore SP002 by hand only\nhtop\n", []),
        ("# boatyard: ignore SP002 by hand only\n# because\n\nhtop\n", []),
        ("# boatyard: ignore SP001,SP002 by hand only\nhtop; jq\n", []),
        ("# boatyard: ignore SP001 wrong rule\nhtop\n", [(1, "SP012"), (2, "SP002")]),
        ("htop # boatyard: ignore SP002\n", [(1, "SP002"), (1, "SP012")]),
        ("htop # boatyard: ignore by hand only\n", [(1, "SP002"), (1, "SP012")]),
        ("htop # boatyard: ignore SP987 no such rule\n", [(1, "SP002"), (1, "SP012")]),
        ("htop # boatyard: forget SP002 what\n", [(1, "SP002"), (1, "SP012")]),
        ("true # boatyard: ignore SP002 nothing here\n", [(1, "SP012")]),
        ("# boatyard: disable=SP002 all of it\nhtop\ntree\n", []),
        ("# boatyard: disable=SP002 a part\nhtop\n# boatyard: enable=SP002\ntree\n", [(4, "SP002")]),
        ("htop\n# boatyard: disable=SP002 from here\ntree\n", [(1, "SP002")]),
        ("# boatyard: disable=SP001 nothing\ntrue\n", [(1, "SP012")]),
    ],
)
def test_suppressions(text: str, expected: list[tuple[int, str]]) -> None:
    assert counted(text) == expected


def test_suppressions_in_other_languages() -> None:
    config = "#cloud-config\npackages:\n  - figlet  # boatyard: ignore SP005 from a repository added by hand\n"
    assert [one.suppressed for one in check([Source("u", config, "cloud-config")], FACTS).findings] == [
        "from a repository added by hand"
    ]


def test_a_baseline_survives_moved_lines(tmp_path: Path) -> None:
    before = report("htop -b\njq .\n")
    assert write_baseline(tmp_path / "known.json", before) == 2
    known = read_baseline(tmp_path / "known.json")
    after = without_known(report("# more\n\nhtop    -b\ntrue\njq .\ntree\n"), known)
    assert [(one.name, one.baseline) for one in after.findings] == [("htop", True), ("jq", True), ("tree", False)]
    assert after.count("error") == 1


def test_a_baseline_counts_and_knows_the_statement() -> None:
    known = baseline_of(report("htop -b\n"))
    two = check([Source("a.sh", "htop -b\n", "shell"), Source("b.sh", "htop -b\n", "shell")], FACTS)
    assert [one.baseline for one in without_known(two, known).findings] == [True, False]
    assert [one.baseline for one in without_known(report("htop --tree\n"), known).findings] == [False]


def test_suppressed_findings_and_notes_are_in_no_baseline() -> None:
    assert baseline_of(report("htop # boatyard: ignore SP002 by hand\ntree || true\n")).findings == ()


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}', "["])
def test_no_baseline(tmp_path: Path, text: str) -> None:
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(ConfigError, match="baseline"):
        read_baseline(tmp_path / "known.json")


def test_missing_baseline(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_baseline(tmp_path / "known.json")
