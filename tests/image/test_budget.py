"""Budgets."""

from __future__ import annotations

import pytest

from boatyard.artifact.image import PackageRow
from boatyard.base.error import CheckError
from boatyard.config.model.native_image import Budget
from boatyard.image.budget import biggest, check_budget

PACKAGES = [PackageRow(name=f"p{number:02}", evr="1-1", arch="noarch", size=number * 1000) for number in range(1, 13)]


def check(budget, file_size=10, installed_size=10):
    check_budget("a.iso", budget, file_size=file_size, installed_size=installed_size, packages=PACKAGES)


def test_within():
    check(Budget())
    check(Budget(file="10 B", installed="10"))


def test_over_tells_how_much_and_why():
    with pytest.raises(CheckError) as caught:
        check(Budget(file="1 MB", installed="2 MB"), file_size=1_500_000, installed_size=2_000_001)
    problem = caught.value.problems[0]
    assert problem.what == (
        "image a.iso is over its budget: file has 1.5 MB and may have 1 MB (500 kB too much); "
        "installed has 2.0 MB and may have 2 MB (1 B too much)"
    )
    lines = problem.detail.splitlines()
    assert len(lines) == 11
    assert lines[0].split() == ["12.0", "kB", "p12", "1-1"]
    assert lines[-1].split() == ["3.0", "kB", "2", "other", "packages"]
    assert caught.value.exit_code == 8


def test_few_packages():
    assert len(biggest(PACKAGES[:3])) == 3
