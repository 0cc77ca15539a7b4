"""Version order as rpm has it."""

import shutil
import subprocess

import pytest

from boatyard.base.nevra import Evr, Nevra, rpmvercmp

ORDERED = [  # rpm's own test cases (rpmvercmp.at), each pair with its order
    ("1.0", "1.0", 0), ("1.0", "2.0", -1), ("2.0.1", "2.0.1", 0), ("2.0", "2.0.1", -1), ("2.0.1a", "2.0.1", 1),
    ("5.5p1", "5.5p2", -1), ("5.5p10", "5.5p1", 1), ("10xyz", "10.1xyz", -1), ("xyz10", "xyz10.1", -1),
    ("xyz.4", "8", -1), ("xyz.4", "2", -1), ("5.5p2", "5.6p1", -1), ("5.6p1", "6.5p1", -1), ("6.0.rc1", "6.0", 1),
    ("10b2", "10a1", 1), ("1.0aa", "1.0a", 1), ("10.0001", "10.1", 0), ("10.0001", "10.0039", -1),
    ("4.999.9", "5.0", -1),
    ("20101121", "20101122", -1), ("2_0", "2.0", 0), ("a", "a", 0), ("a+", "a_", 0), ("+a", "_a", 0), ("+", "_", 0),
    ("1.0~rc1", "1.0", -1), ("1.0~rc1", "1.0~rc2", -1), ("1.0~rc1~git123", "1.0~rc1", -1), ("1.0^", "1.0", 1),
    ("1.0^git1", "1.0^git2", -1), ("1.0^git1", "1.01", -1), ("1.0^20160101", "1.0.1", -1),
    ("1.0^20160101^git1", "1.0^20160102", -1), ("1.0~rc1^git1", "1.0~rc1", 1), ("1.0^git1~pre", "1.0^git1", -1),
    ("1b.fc17", "1.fc17", -1), ("1g.fc17", "1.fc17", 1), ("", "1", -1), ("007", "7", 0),
    ("1" + "0" * 5000, "9" * 5000, 1), ("0" * 5000 + "1", "1", 0),  # Python refuses to read such numbers
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "order"), ORDERED)
def test_order(left: str, right: str, order: int) -> None:
    assert rpmvercmp(left, right) == order
    assert rpmvercmp(right, left) == -order


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("rpm") is None, reason="rpm is not installed")
def test_order_is_that_of_rpm() -> None:
    pairs = [pair for pair in ORDERED if pair[0]]  # rpm takes an empty version for an error
    expressions = [f'%{{lua:print(rpm.vercmp("{left}", "{right}"))}}' for left, right, _ in pairs]
    words = [word for expression in expressions for word in ("--eval", expression)]
    shown = subprocess.run(["rpm", *words], capture_output=True, check=True)
    assert [rpmvercmp(left, right) for left, right, _ in pairs] == [int(line) for line in shown.stdout.split()]


@pytest.mark.parametrize("text", ["1", "1-2", "3:1-2", "3:1", "1.0~rc1-2.fc43"])
def test_evr_round_trip(text: str) -> None:
    assert str(Evr.parse(text)) == text


@pytest.mark.parametrize("text", ["", ":1", "x:1", "-1"])
def test_bad_evr(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Evr.parse(text)


def test_epoch_wins() -> None:
    assert Evr("1", "1", 1) > Evr("9", "9") > Evr("9", "8")
    assert Nevra("a", Evr("1", "2", 3), "noarch").file_name == "a-1-2.noarch.rpm"
    assert str(Nevra("a", Evr("1", "2", 3), "noarch")) == "a-3:1-2.noarch"
