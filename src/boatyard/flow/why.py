"""Why components were built or reused, and what will become of them: from a ledger of builds."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from boatyard.artifact.build_ledger import read_entry
from boatyard.base.error import BuildError
from boatyard.graph.why import explain
from boatyard.rpm.compare import compare_rpms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from boatyard.artifact.build_ledger import BuildEntry
    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.explanation import Explanation
    from boatyard.graph.why import Known, Unknown


def explain_components(
    names: Iterable[str],
    ledger: Path,
    arch: str,
    present: Callable[[str], Known | Unknown] | None = None,
    *,
    strict: bool = False,
) -> list[Explanation]:
    """One explanation each, in the order of the names. `present`: see `graph.why.explain`."""

    @functools.cache
    def entry(component: str) -> BuildEntry | None:
        return read_entry(ledger, component, arch)

    now = functools.cache(present) if present is not None else None
    return [explain(name, entry, now, strict=strict, compare=_looks_different) for name in names]


def _looks_different(before: RpmFile, after: RpmFile) -> tuple[str, ...]:
    """What builds can see of the difference; nothing when a package is no longer there."""
    try:
        return compare_rpms(before.path, after.path).interface
    except (BuildError, FileNotFoundError):
        return ()
