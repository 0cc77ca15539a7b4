"""Repackaged components in the ledger, so that chains of reasons through them end in something true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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


def _why(yard: SmallYard) -> dict[str, object]:
    done = yard.run("why", "sail", "-o", "json")
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)
    return dict(told)
