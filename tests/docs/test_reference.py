"""The reference is complete and says what the code says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.docs.generated import FILES
from tests.docs.page import ROOT, name_of

from boatyard.artifact import demo_result, trial_report
from boatyard.artifact.codec import Artifact
from boatyard.base import error

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_generated_files_are_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path](), "run: python -m tests.docs.generated"


def rows(module: ModuleType) -> list[type[Artifact]]:
    """The kinds of values a result consists of."""
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Artifact)]
    return [kind for kind in found if kind is not Artifact]


@pytest.mark.parametrize(
    ("page", "kind"),
    [*(("demo-result", kind) for kind in rows(demo_result)), *(("trial-report", kind) for kind in rows(trial_report))],
)
def test_every_key_of_a_result_is_explained(page: str, kind: type[Artifact]) -> None:
    text = (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")
    keys = {field.encode_name for field in msgspec.structs.fields(kind)}
    assert keys - set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set()


def test_every_exit_code_is_explained() -> None:
    text = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    codes = {kind.exit_code for kind in vars(error).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    codes |= set(trial_report.EXIT_CODES.values())
    assert codes <= {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
