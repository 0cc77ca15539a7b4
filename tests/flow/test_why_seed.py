"""Repackaged components in the ledger, so that chains of reasons through them end in something true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.flow.small_yard import assert_told

if TYPE_CHECKING:
    from tests.flow.small_yard import SmallYard

pytestmark = pytest.mark.tool
RULES = '[components.sail.seed.packages.sail]\nprovides = ["canvas"]\n'


def test_why_a_seed_was_repackaged(yard: SmallYard) -> None:
    yard.build()
    assert _why(yard)["verdict"] == "was built"
    yard.build()
    assert _why(yard)["verdict"] == "was reused"
    path = yard.project / "boatyard.toml"
    path.write_text(path.read_text() + RULES)
    yard.build()
    told = _why(yard)
    assert (told["verdict"], told["roots"]) == ("was built", ["sail: sources and rules"])


def test_what_the_next_build_does(yard: SmallYard) -> None:
    path = yard.project / "boatyard.toml"
    assert yard.run("component", "update", "-a").code == 0
    assert _why(yard, "--now")["verdict"] == "never built"
    assert not (yard.project / "build/work/built").exists()
    yard.build()
    assert _why(yard, "--now")["verdict"] == "nothing changed"
    assert _why(yard, "--now", name="hull")["verdict"] == "in the store"  # the host's: none of it is recorded

    before = path.read_text()
    path.write_text(before + RULES)
    told = _why(yard, "--now")
    assert (told["verdict"], told["roots"]) == ("to be built", ["sail: sources and rules"])
    assert _why(yard)["verdict"] == "was built", "the last run is what it was"

    yard.build()
    path.write_text(before)
    told = _why(yard, "--now")
    assert (told["verdict"], told["roots"]) == ("in the store", ["sail: sources and rules"])


def test_it_cannot_be_told_without_locks(yard: SmallYard) -> None:
    done = yard.run("why", "--now", "sail")
    assert_told(done, 9, "1 components are not locked: sail")


def _why(yard: SmallYard, *words: str, name: str = "sail") -> dict[str, object]:
    done = yard.run("why", name, "-o", "json", *words)
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)
    return dict(told)
