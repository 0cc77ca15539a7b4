"""Differences of two RPMs, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.rpm import elf_file, rpm_file
from tests.rpm.elf_file import OBJECT, SharedLibrary, Symbol
from tests.rpm.rpm_file import EQUAL, REG, File, Package

from boatyard.rpm.compare import Comparison, compare_rpms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SYMBOLS = (Symbol("inflate", version="Z_1"), Symbol("table", OBJECT, size=8))
PATH = "/usr/lib64/libz.so.1"


def library(**changes: object) -> File:
    return File(PATH, elf_file.write(replace(SharedLibrary(symbols=SYMBOLS), **changes)), REG | 0o755)  # type: ignore[arg-type]


HEADER = File("/usr/include/zlib.h", b"int x;")
PACKAGE = Package(files=(library(), HEADER), provides=(("zlib", EQUAL, "1.3-1"),))


@pytest.fixture
def differ(tmp_path: Path) -> Callable[[Package], Comparison]:
    before = rpm_file.write(PACKAGE, tmp_path / "before.rpm")
    return lambda after: compare_rpms(before, rpm_file.write(after, tmp_path / "after.rpm"))


def test_equal(differ: Callable[[Package], Comparison]) -> None:
    assert differ(replace(PACKAGE, build_time=9, build_host="b")) == Comparison((), ())


@pytest.mark.parametrize(
    ("after", "interface"),
    [
        (replace(PACKAGE, release="2", provides=(("zlib", EQUAL, "1.3-2"),)), []),
        (replace(PACKAGE, files=(library(code=b"\0"), HEADER)), []),
        (replace(PACKAGE, files=(replace(library(), owner="z"), HEADER)), []),
        (
            replace(PACKAGE, version="1.4", provides=(("zlib", EQUAL, "1.4-1"),)),
            ["provides zlib = 1.3 is gone", "provides zlib = 1.4 is new", "version is 0:1.4, was 0:1.3"],
        ),
        (replace(PACKAGE, post="true"), ["scriptlet post is new"]),
        (replace(PACKAGE, provides=()), ["provides zlib = 1.3 is gone"]),
        (replace(PACKAGE, files=PACKAGE.files[:1]), ["/usr/include/zlib.h is gone"]),
        (replace(PACKAGE, files=(library(), replace(HEADER, content=b"y"))), ["/usr/include/zlib.h has other content"]),
        (
            replace(PACKAGE, files=(library(), replace(HEADER, content=b"y", mode=REG | 0o600))),
            ["/usr/include/zlib.h is 100600 … and other content, was 100644 …"],
        ),
        (
            replace(PACKAGE, files=(library(symbols=(SYMBOLS[0],)), HEADER)),
            [f"{PATH} no longer exports table (object 8)"],
        ),
        (
            replace(PACKAGE, files=(library(symbols=(SYMBOLS[0], replace(SYMBOLS[1], size=9), Symbol("new"))), HEADER)),
            [f"{PATH} exports new (function), which is new", f"{PATH} exports table as object 9, before as object 8"],
        ),
        (
            replace(PACKAGE, files=(library(soname="libz.so.2", needed=()), HEADER)),
            [
                f"{PATH} is libz.so.2 for 62 64 little-endian, was libz.so.1 for 62 64 little-endian",
                f"{PATH} needs nothing, before libc.so.6",
            ],
        ),
    ],
)
def test_interface(differ: Callable[[Package], Comparison], after: Package, interface: list[str]) -> None:
    told = differ(after)
    assert list(told.interface) == interface
    assert told.payload


def test_payload(differ: Callable[[Package], Comparison]) -> None:
    header = "/usr/include/zlib.h is 100644 …"
    other = replace(HEADER, owner="z", flags=1)
    assert differ(replace(PACKAGE, release="2", files=(library(code=b"\0"), other))).payload == (
        f"{header} z:root flags 1 verify ffffffff, was 100644 … root:root flags 0 verify ffffffff",
        f"{PATH} has other content",
        "release is 2, was 1",
    )


def test_scriptlet_that_changed(tmp_path: Path) -> None:
    paths = [rpm_file.write(replace(PACKAGE, post=text), tmp_path / f"{text}.rpm") for text in ("true", "false")]
    assert compare_rpms(*paths).interface == ("scriptlet post is another one",)
