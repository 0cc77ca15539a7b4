"""The audit of reuse: which results it takes, and what it finds on packages made to differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.build_record import result
from tests.rpm import elf_file, rpm_file
from tests.rpm.elf_file import SharedLibrary, Symbol
from tests.rpm.rpm_file import REG, File, Package

from boatyard.artifact.audit import AuditReport
from boatyard.artifact.build_result import BuildResult, RpmFile
from boatyard.artifact.codec import from_json, to_json
from boatyard.base.digest import sha256_file
from boatyard.base.error import BuildError, CheckError, ConfigError, ToolError
from boatyard.base.nevra import Evr
from boatyard.flow.audit import audit, check_audit, choose, parse_share
from boatyard.report.audit_text import to_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESULTS = [result(f"c{number}") for number in range(300)]


@pytest.mark.parametrize(
    ("text", "share"),
    [("1%", Fraction(1, 100)), ("0.5%", Fraction(1, 200)), ("100%", Fraction(1)), ("0%", Fraction(0))],
)
def test_share(text: str, share: Fraction) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "1", "101%", "-1%", "1e3%", "%", "1 %", "٣%", "nan%"])
def test_no_share(text: str) -> None:
    with pytest.raises(ConfigError, match="no share of the results"):
        parse_share(text)


@given(st.integers(0, 300), st.fractions(0, 1), st.text(max_size=9), st.randoms())
def test_choice(count: int, share: Fraction, seed: str, random: object) -> None:
    results = RESULTS[:count]
    chosen = choose(results, share, seed)
    assert len(chosen) == -(-count * share.numerator // share.denominator)
    assert chosen == [one for one in results if one in chosen]
    shuffled = results[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {one.key for one in choose(shuffled, share, seed)} == {one.key for one in chosen}


def test_every_result_has_its_turn() -> None:
    days = Counter(one.component for day in range(600) for one in choose(RESULTS, Fraction(1, 100), f"day {day}"))
    assert set(days) == {one.component for one in RESULTS}
    assert max(days.values()) < 30  # 6 are expected


LIBRARY = SharedLibrary(symbols=(Symbol("inflate"),))


def package(library: SharedLibrary = LIBRARY, *, name: str = "zlib") -> Package:
    return Package(name=name, files=(File("/usr/lib64/libz.so.1", elf_file.write(library), REG | 0o755),))


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., BuildResult]:
    """A result with real packages, each time in files of its own."""
    count = 0

    def build(*packages: Package) -> BuildResult:
        nonlocal count
        rpms = []
        for one in packages:
            count += 1
            path = rpm_file.write(one, tmp_path / f"{count}.rpm")
            rpms.append(
                RpmFile(path=path, name=one.name, evr=Evr("1.3", "1"), arch=one.arch, size=1, sha256=sha256_file(path))
            )
        return BuildResult(component="zlib", key="k", rpms=tuple(rpms), seconds=1.0)

    return build


def judge(old: BuildResult, *answers: BuildResult | Exception) -> AuditReport:
    left = list(answers)

    def rebuild(asked: BuildResult) -> BuildResult:
        assert asked is old
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    report = audit([old], rebuild, share="100%", seed="today")
    assert not left
    assert from_json(AuditReport, to_json(report)) == report
    return report


def test_same(built: Callable[..., BuildResult]) -> None:
    report = judge(built(package()), built(replace(package(), build_time=7)))
    assert (
        to_text(report)
        == """\
audit        1 of 1 reused results (100%), seed today
  ✓ zlib: the same
unsound      0 of 1 (0.0%)
"""
    )
    check_audit(report)


def test_other_content(built: Callable[..., BuildResult]) -> None:
    other = package(replace(LIBRARY, code=b"\0"))
    report = judge(built(package()), built(other), built(other))
    assert report.rows[0].verdict == "other content"
    assert "      zlib.x86_64: /usr/lib64/libz.so.1 has other content\n" in to_text(report)
    check_audit(report)


def test_unsound(built: Callable[..., BuildResult]) -> None:
    other = package(replace(LIBRARY, symbols=(Symbol("deflate"),)))
    report = judge(built(package()), built(other), built(other))
    assert (
        to_text(report)
        == """\
audit        1 of 1 reused results (100%), seed today
  ✗ zlib: should not have been reused
      zlib.x86_64: /usr/lib64/libz.so.1 exports deflate (function), which is new
      zlib.x86_64: /usr/lib64/libz.so.1 no longer exports inflate (function)
unsound      1 of 1 (100.0%)
"""
    )
    with pytest.raises(CheckError, match="1 of 1 results should not have been reused: zlib") as error:
        check_audit(report)
    assert error.value.exit_code == 8


def test_package_that_is_new(built: Callable[..., BuildResult]) -> None:
    more = (package(), package(name="zlib-tools"))
    report = judge(built(package()), built(*more), built(*more))
    assert report.rows[0].verdict == "unsound"
    assert "zlib-tools.x86_64: the package is new" in to_text(report)
    assert judge(built(*more), built(package()), built(package())).rows[0].verdict == "unsound"


def test_not_reproducible(built: Callable[..., BuildResult]) -> None:
    one, other = (package(replace(LIBRARY, symbols=(Symbol(name),))) for name in ("a", "b"))
    report = judge(built(package()), built(one), built(other))
    assert report.rows[0].verdict == "not reproducible"
    check_audit(report)


def test_does_not_build(built: Callable[..., BuildResult]) -> None:
    report = judge(built(package()), BuildError("zlib does not build", detail="zlib.h: no such file"))
    assert "zlib.h: no such file" in to_text(report)
    with pytest.raises(CheckError):
        check_audit(report)


def test_trouble_of_the_host_is_no_finding(built: Callable[..., BuildResult]) -> None:
    with pytest.raises(ToolError):
        judge(built(package()), ToolError("no space left"))


def test_nothing_reused() -> None:
    report = audit([], lambda one: one, share="1%", seed="today")
    assert to_text(report) == "audit        0 of 0 reused results (1%), seed today\nunsound      0 of 0\n"
