"""Release numbers."""

import pytest

from boatyard.spec.release import bumped, is_autorelease, release_of


@pytest.mark.parametrize(
    ("value", "by", "expected"),
    [
        ("1", 3, "4"),
        ("1%{dist}", 2, "3%{dist}"),
        ("12%{?dist}", 1, "13%{?dist}"),
        ("1.2%{?dist}", 1, None),
        ("17%{m}%{?dist}", 1, None),
        ("1.", 1, None),
        ("%{?dist}", 1, None),
        ("%autorelease", 1, None),
        ("٣", 1, None),
        ("9" * 5000, 1, None),
    ],
)
def test_bumped(value: str, by: int, expected: str | None) -> None:
    assert bumped(value, by) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("%autorelease", True),
        ("%autorelease -b 3", True),
        ("%{autorelease -e x}", True),
        ("%{?autorelease}", True),
        ("%{?autorelease:1}", False),
        ("%{!?autorelease:1}", False),
        ("%{autorelease_suffix}", False),
        ("1%{?dist}", False),
    ],
)
def test_is_autorelease(value: str, expected: bool) -> None:
    assert is_autorelease(value) is expected


def test_the_last_release_decides() -> None:
    assert (
        release_of(["Release: 1", "%if 1", "release:  2%{?dist}", "%endif", "%package x", "Release: 3"]) == "2%{?dist}"
    )
    assert release_of(["Name: x"]) is None
