"""An audit of reuse as text: a line for each result that was built anew, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.report.visible import visible_block, visible_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.audit import AuditReport, AuditRow

MARKS = {"same": "✓", "other content": "✓", "unsound": "✗", "not reproducible": "?", "does not build": "✗"}
WORDS = {
    "same": "the same",
    "other content": "other content, which no build that uses it can see",
    "unsound": "should not have been reused",
    "not reproducible": "no two builds of it are the same: nothing can be said",
    "does not build": "should not have been reused: it does not build any more",
}
MAX_DIFFERENCES = 10


def to_text(report: AuditReport) -> str:
    """The report, the number that counts in its last line."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: AuditReport) -> Iterator[str]:
    yield f"audit        {len(report.rows)} of {report.reused} reused results ({report.share}), seed {report.seed}"
    for row in report.rows:
        yield visible_line(f"  {MARKS[row.verdict]} {row.component}: {WORDS[row.verdict]}")
        yield from _details(row)
    share = f" ({len(report.unsound) / len(report.rows):.1%})" if report.rows else ""
    yield f"unsound      {len(report.unsound)} of {len(report.rows)}{share}"


def _details(row: AuditRow) -> Iterator[str]:
    if row.error:
        yield from (f"      {line}" for line in visible_block(row.error).splitlines())
    for package in row.packages:
        differences = package.interface if row.is_unsound and package.interface else package.payload
        for words in differences[:MAX_DIFFERENCES]:
            yield visible_line(f"      {package.package}: {words}")
        if len(differences) > MAX_DIFFERENCES:
            yield f"      {package.package}: {len(differences) - MAX_DIFFERENCES} more"
