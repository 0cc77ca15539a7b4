"""The date of a spec's change log."""

from datetime import date

import pytest

from boatyard.spec.changelog import newest_day


@pytest.mark.parametrize(
    ("heading", "day"),
    [
        ("* Wed Jan 01 2025 A Person <a@example.org> - 1.0-1", date(2025, 1, 1)),
        ("* Tue Feb  3 2026 A Person <a@example.org> - 1.0-1", date(2026, 2, 3)),
        ("* Tue Feb 03 12:00:00 UTC 2026 A Person <a@example.org> - 1.0-1", date(2026, 2, 3)),
        ("* Mon Foo 01 2025 A Person", None),
        ("* Mon Feb 31 2025 A Person", None),
        ("* Mon Feb 01 1901 A Person", None),
        ("* %autochangelog", None),
    ],
)
def test_the_newest_entry_dates_a_spec(heading: str, day: date | None) -> None:
    lines = ["Name: a", "%changelog", heading, "- more", "", "* Thu Jan 01 2015 A Person", "- older"]
    assert newest_day(lines) == ((day - date(1970, 1, 1)).days if day else 0)


def test_a_spec_without_change_log_has_no_date() -> None:
    assert newest_day(["Name: a", "%files"]) == 0
