"""The checks of a trial in HTML: a table for each phase, the evidence folded, that after a restart beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boatyard.artifact.trial_report import TITLES
from boatyard.report.markup import Markup, block, join, own, tag
from boatyard.report.visible import visible_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boatyard.artifact.trial_report import Outcome, TrialCheck

MARKS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "skipped": "–", "unknown": "?"}
WORST: tuple[Outcome, ...] = ("passed", "skipped", "unknown", "failed")
MAX_ROWS = 500
MAX_LINK = 120


class Row(NamedTuple):
    """A check and the same check after the restart, where there were both. `number`: names it within the page."""

    number: int
    first: TrialCheck | None
    again: TrialCheck | None

    @property
    def checks(self) -> tuple[TrialCheck, ...]:
        return tuple(check for check in (self.first, self.again) if check is not None)

    @property
    def outcome(self) -> Outcome:
        return max((check.outcome for check in self.checks), key=WORST.index)

    @property
    def anchor(self) -> str:
        return f"check-{self.number}"


def rows_of(checks: Sequence[TrialCheck]) -> list[Row]:
    """The checks with those after the restart joined to them, phase by phase, what failed before the others."""
    pairs: dict[tuple[str, str, str, int], dict[bool, TrialCheck]] = {}
    seen: dict[tuple[str, str, str, bool], int] = {}
    for check in checks:
        occurrence = (check.phase, check.name, check.place, check.after_reboot)
        seen[occurrence] = seen.get(occurrence, 0) + 1
        pairs.setdefault((*occurrence[:3], seen[occurrence]), {})[check.after_reboot] = check
    rows = [Row(number, pair.get(False), pair.get(True)) for number, pair in enumerate(pairs.values(), 1)]
    phases = list(TITLES)
    return sorted(rows, key=lambda row: (phases.index(row.checks[0].phase), row.outcome != "failed"))


def mark(outcome: Outcome) -> Markup:
    """The sign of an outcome, with its word for those who hear the page."""
    return tag("span", MARKS[outcome], class_=f"mark {outcome}", role="img", aria_label=outcome)


def check_tables(rows: Sequence[Row]) -> Markup:
    """A heading and a table for each phase that has checks."""
    if not rows:
        return tag("p", "Nothing was checked.", class_="none")
    return join([_phase(name, [row for row in rows if row.checks[0].phase == name]) for name in TITLES])


def _phase(name: str, rows: Sequence[Row]) -> Markup:
    if not rows:
        return own("")
    title = next(words for phase, words in TITLES.items() if phase == name)
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in MARKS}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    twice = any(row.again is not None for row in rows)
    heads = ["Check", "Found", *(["After reboot"] if twice else []), "Time"]
    shown = rows[:MAX_ROWS]
    return join(
        [
            tag("h3", title[:1].upper() + title[1:], tag("small", told)),
            tag(
                "table",
                tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
                tag("tbody", *(_row(row, twice) for row in shown)),
                class_="checks stacked",
            ),
            left_out(len(rows) - len(shown), "checks of this phase"),
        ]
    )


def _row(row: Row, twice: bool) -> Markup:
    check = row.checks[0]
    place = tag("small", check.place) if check.place else None
    cells = [
        tag("th", mark(row.outcome), tag("span", check.name), place, scope="row"),
        tag("td", _found(row.first, twice), data_head="Found"),
    ]
    if twice:
        cells.append(tag("td", _found(row.again, twice), data_head="After reboot"))
    seconds = sum(check.seconds for check in row.checks)
    cells.append(tag("td", f"{seconds:.1f} s" if seconds else "", class_="number"))
    return join(
        [
            tag("tr", *cells, id=row.anchor),
            *_evidence(row, len(cells)),
        ]
    )


def _found(check: TrialCheck | None, twice: bool) -> Markup:
    if check is None:
        return tag("span", "not looked at", class_="none")
    found = tag("span", check.found)
    return join([mark(check.outcome), found]) if twice else found


def _evidence(row: Row, columns: int) -> Iterator[Markup]:
    told = ""
    for check in row.checks:
        when = " after reboot" if check.after_reboot else ""
        hint = _hint(check.hint) if check.hint != told else None
        detail = tag("details", tag("summary", f"Evidence{when}"), _pre(check.detail)) if check.detail else None
        told = check.hint
        if hint is not None or detail is not None:
            yield tag("tr", tag("td", hint, detail, colspan=columns), class_="evidence")


def _hint(text: str) -> Markup | None:
    return tag("p", tag("b", "Hint: "), tag("span", text), class_="hint") if text else None


def _pre(text: str) -> Markup:
    return tag("pre", block(text), tabindex=0)


def left_out(count: int, what: str) -> Markup:
    """A sentence that tells how much a table does not show."""
    if count <= 0:
        return own("")
    return tag("p", f"{count} more {what} are left out of this page; report.json has them.", class_="none")


def failures(rows: Iterable[Row], limit: int) -> Markup:
    """What failed, in a list at the top: what was found, how to mend it, and where on the page it is."""
    failed = [row for row in rows if row.outcome == "failed"]
    if not failed:
        return own("")
    items = [_failure(row) for row in failed[:limit]]
    if len(failed) > limit:
        items.append(tag("li", f"… {len(failed) - limit} more failed checks, listed below"))
    return tag("ul", *items, class_="failures")


def _failure(row: Row) -> Markup:
    check = next(check for check in row.checks if check.outcome == "failed")
    when = " after reboot" if check.after_reboot else ""
    return tag(
        "li",
        tag("a", visible_line(check.name, MAX_LINK), href=f"#{row.anchor}"),
        f"{when}: ",
        tag("span", check.found),
        _hint(check.hint),
    )
