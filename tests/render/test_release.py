"""Releases: every form of the tag in every mode."""

from __future__ import annotations

from typing import Literal

import pytest

from boatyard.base.error import BoatyardError, BuildError, ConfigError
from boatyard.config.model.component import Release
from boatyard.render.release import BumpRule, bumped, plan_release, uses_autorelease

AUTORELEASE = [
    ("%autorelease", True),
    ("%autorelease -b 3", True),
    ("%{autorelease}", True),
    ("%{autorelease -e asan}", True),
    ("%{?autorelease}", True),
    ("0.%autorelease", True),
    ("%{autorelease", True),
    ("%autorelease\t-n", True),
    ("%{?autorelease:1}", False),
    ("%{!?autorelease:1%{?dist}}", False),
    ("%{autorelease_suffix}", False),
    ("%autorelease2", False),
    ("%autorelease\v", False),
    ("autorelease", False),
    ("1%{?dist}", False),
    ("", False),
]


@pytest.mark.parametrize(("value", "expected"), AUTORELEASE)
def test_autorelease_is_recognised(value: str, expected: bool) -> None:
    assert uses_autorelease(value) is expected


STATIC = [
    ("1", 3, "4"),
    ("1%{?dist}", 1, "2%{?dist}"),
    ("1%{dist}", 2, "3%{dist}"),
    ("99%{?dist}", 1, "100%{?dist}"),
    ("007%{?dist}", 1, "8%{?dist}"),
    ("0", 1, "1"),
    ("1.2%{?dist}", 1, None),
    ("17%{m}%{?dist}", 1, None),
    ("1.", 1, None),
    ("%{?dist}", 1, None),
    ("1 %{?dist}", 1, None),
    ("1%{?dist}.1", 1, None),
    ("1%{?dist}\n", 1, None),
    ("%{baserelease}%{?dist}", 1, None),
    ("-1", 1, None),
    ("١%{?dist}", 1, None),
    ("", 1, None),
]


@pytest.mark.parametrize(("value", "changes", "expected"), STATIC)
def test_static_releases_go_up(value: str, changes: int, expected: str | None) -> None:
    assert bumped(value, changes) == expected


LEADING = [
    ("1%{?dist}", 1, "2%{?dist}"),
    ("0.56.%{rc_subver}%{?dist}", 1, "1.56.%{rc_subver}%{?dist}"),
    ("1.1%{?dist}", 1, "2.1%{?dist}"),
    ("0.49.%{beta_number}%{?dist}", 1, "1.49.%{beta_number}%{?dist}"),
    ("1.", 2, "3."),
    ("%{baserelease}%{?dist}", 1, None),
    ("%{?dist}", 1, None),
]


@pytest.mark.parametrize(("value", "changes", "expected"), LEADING)
def test_the_older_rule_takes_the_leading_integer(value: str, changes: int, expected: str | None) -> None:
    assert bumped(value, changes, BumpRule.LEADING_INTEGER) == expected


Mode = Literal["auto", "autorelease", "static", "manual"]
OUTCOMES: list[tuple[Mode, str, int, str | type[BoatyardError] | None]] = [
    ("auto", "1%{?dist}", 1, "2%{?dist}"),
    ("auto", "1%{?dist}", 0, None),
    ("auto", "%autorelease", 1, None),
    ("auto", "1.2%{?dist}", 1, BuildError),
    ("auto", "1.2%{?dist}", 0, None),
    ("static", "1%{?dist}", 2, "3%{?dist}"),
    ("static", "%autorelease", 1, ConfigError),
    ("static", "%{?autorelease:1}", 1, BuildError),
    ("static", "%autorelease", 0, None),
    ("manual", "1.2%{?dist}", 5, None),
    ("manual", "1", 5, None),
    ("autorelease", "%autorelease", 5, None),
    ("autorelease", "1", 5, None),
]


@pytest.mark.parametrize(("mode", "value", "changes", "expected"), OUTCOMES)
def test_modes(mode: Mode, value: str, changes: int, expected: str | type[BoatyardError] | None) -> None:
    lines = ["Name: a", f"Release:        {value}", "%description"]
    if isinstance(expected, type):
        with pytest.raises(expected):
            plan_release(lines, Release(calculation=mode), changes)
        return
    edit = plan_release(lines, Release(calculation=mode), changes)
    assert (edit and edit.value) == expected


def test_the_last_release_of_the_main_package_decides() -> None:
    lines = ["%if 1", "Release: 1%{?dist}", "%else", "release: 2%{?dist}", "%endif", "%package x", "Release: 7"]
    edit = plan_release(lines, Release(), 1)
    assert edit is not None
    assert (edit.tag, edit.value, edit.package) == ("Release", "3%{?dist}", "")


def test_a_bare_package_section_is_of_the_main_package() -> None:
    edit = plan_release(["Release: 1", "%package", "Release: 5"], Release(), 1)
    assert edit is not None
    assert edit.value == "6"


def test_without_a_release_there_is_nothing_to_raise() -> None:
    with pytest.raises(BuildError, match="no such tag: Release"):
        plan_release(["Name: a"], Release(), 1)


def test_the_error_names_the_older_rule_only_where_it_helps() -> None:
    with pytest.raises(BuildError) as odd:
        plan_release(["Release: 1.5%{?dist}"], Release(), 1)
    assert "leading-integer" in odd.value.hint
    with pytest.raises(BuildError) as macro:
        plan_release(["Release: %{rel}%{?dist}"], Release(), 1)
    assert "leading-integer" not in macro.value.hint
