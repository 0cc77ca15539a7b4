"""Debian's order of versions, against a table and against dpkg itself."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boatyard.ports.run import Command
from boatyard.sources.deb.version import split_version, version_key

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

# In rising order, from deb-version(7), Policy 5.6.12 and versions seen in trixie.
RISING = (
    "0~~", "0~~a", "0~", "0", "0.1-0", "1.0~~", "1.0~~a", "1.0~beta1~svn1245", "1.0~beta1", "1.0~beta2", "1.0-0~bpo1",
    "1.0-1~deb13u1", "1.0-1", "1.0-1+b1", "1.0-1+b10", "1.0-1+deb13u1", "1.0-1.1", "1.0-2", "1.0-10", "1.0a-1", "1.0b",
    "1.0z", "1.0+dfsg-1", "1.0.1", "1.2.3-4", "1.2.24-1", "2-1-1", "6.12.107-1", "6.12.117-1", "20240203", "1:0",
    "1:0.5-1", "2:0~", "10:0",
)  # fmt: skip
EQUAL = (("1.0", "1.00"), ("0:1", "1"), ("1-0", "1"), ("1.a", "1.a0"), ("1.01-01", "1.1-1"))
BAD = ("", "-1", ":1", "a:1", "1:", "1 2", "1_2", "1\n", "ä", "-", "1:-1", "9" * 257, "1" * 10 + ":1", "1/2", "$(id)")


def test_order() -> None:
    wrong = [(a, b) for a, b in itertools.combinations(RISING, 2) if not version_key(a) < version_key(b)]
    assert not wrong


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_versions(left: str, right: str) -> None:
    assert version_key(left) == version_key(right)


@pytest.mark.parametrize("version", BAD)
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(ValueError, match="not a Debian version"):
        version_key(version)


@pytest.mark.parametrize(
    ("version", "parts"),
    [
        ("1", (0, "1", "")),
        ("1-2", (0, "1", "2")),
        ("3:1-2-3", (3, "1-2", "3")),
        ("1:2:3-4", (1, "2:3", "4")),
        ("5.2.37-2+b10", (0, "5.2.37", "2+b10")),
    ],
)
def test_split(version: str, parts: tuple[int, str, str]) -> None:
    assert split_version(version) == parts


VERSIONS = st.from_regex(r"([0-9]:)?[0-9][0-9a-zA-Z.+~]{0,6}(-[0-9a-z.+~]{1,4})?", fullmatch=True)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_an_order(a: str, b: str, c: str) -> None:
    first, second, third = sorted((a, b, c), key=version_key)
    assert version_key(first) <= version_key(second) <= version_key(third)
    assert version_key(first) <= version_key(third)


ODD = (
    *("1.0~", "1.0", "1.0a", "1.0+", "1.0.", "1.0~~1", "1.0~a", "1.00", "1.0.0", "0:1.0-0"),
    *("1.0-a", "1.0-0a", "1.0-1-1", "1.0-0~", "1.0-~", "1.0-~0"),
)


def order(left: str, right: str) -> str:
    """The word dpkg has for how two versions compare."""
    ours, theirs = version_key(left), version_key(right)
    return "eq" if ours == theirs else "lt" if ours < theirs else "gt"


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed")
def test_dpkg_agrees(run: HostRunner) -> None:
    pairs = [*itertools.pairwise(RISING), *EQUAL, *itertools.product(ODD, repeat=2)]
    script = "\n".join(
        f"for op in lt eq gt; do dpkg --compare-versions '{a}' $op '{b}' && echo $op; done" for a, b in pairs
    )
    theirs = run(Command(argv=("sh", "-c", script), ok=(0, 1))).text.split()
    ours = [order(*pair) for pair in pairs]
    assert list(zip(pairs, ours, strict=True)) == list(zip(pairs, theirs, strict=True))
