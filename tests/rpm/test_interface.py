"""What counts for builds that use a package, and what does not: each change alone, on packages of each kind."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.rpm import elf_file, rpm_file
from tests.rpm.elf_file import OBJECT, WEAK, SharedLibrary, Symbol
from tests.rpm.rpm_file import DIR, EQUAL, REG, File, Package

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_file
from boatyard.base.nevra import Evr
from boatyard.rpm.interface import Manifest, find_interface, read_manifest, used_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARY_PATH = "/usr/lib64/libz.so.1.3"
LIBRARY = SharedLibrary(
    symbols=(Symbol("inflate", version="ZLIB_1"), Symbol("table", OBJECT, version="ZLIB_1", size=8))
)
HEADER = File("/usr/include/zlib.h", b"int inflate(void);\n")
PC = File("/usr/lib64/pkgconfig/zlib.pc", b"Version: 1.3\n")
MODULE = File("/usr/lib/python3.13/site-packages/idna/core.py", b"x = 1\n")
PYC = File("/usr/lib/python3.13/site-packages/idna/__pycache__/core.cpython-313.pyc", b"\x01")


def library_file(library: SharedLibrary = LIBRARY, path: str = LIBRARY_PATH) -> File:
    return File(path, elf_file.write(library), REG | 0o755)


LIBS = Package(
    name="zlib",
    files=(
        library_file(),
        File("/usr/lib64/libz.so.1", target="libz.so.1.3"),
        File("/usr/share/doc/zlib", mode=DIR | 0o755),
        File("/usr/share/doc/zlib/README", b"Read me\n"),
        File("/etc/zlib.conf", b"level=6\n", flags=1),
    ),
    provides=(("zlib", EQUAL, "1.3-1"), ("libz.so.1()(64bit)", 0, "")),
    requires=(("libc.so.6()(64bit)", 0, ""), ("rpmlib(PayloadIsZstd)", 8 | 2, "5.4.18-1")),
)
DEVEL = Package(
    name="zlib-devel",
    files=(HEADER, PC, File("/usr/lib64/libz.so", target="libz.so.1.3"), File("/usr/share/man/man3/zlib.3.gz", b"man")),
    requires=(("zlib", EQUAL, "1.3-1"),),
)
TOOL = Package(
    name="gzip", files=(File("/usr/bin/gzip", b"\x7fELF", REG | 0o755), File("/usr/share/man/man1/gzip.1", b"m"))
)
PYTHON = Package(name="python3-idna", arch="noarch", files=(MODULE, PYC))
DOC = Package(name="zlib-doc", arch="noarch", files=(File("/usr/share/doc/zlib/manual.html", b"<p>"),))
DATA = Package(name="unicode-ucd", arch="noarch", files=(File("/usr/share/unicode/UnicodeData.txt", b"0041;A"),))


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Package], Manifest]:
    return lambda package: read_manifest(rpm_file.write(package, tmp_path / "a.rpm"))


def changed(package: Package, path: str, **changes: object) -> Package:
    """The package with one of its files changed."""
    assert path in [file.path for file in package.files]
    return replace(package, files=tuple(replace(f, **changes) if f.path == path else f for f in package.files))  # type: ignore[arg-type]


def with_library(**changes: object) -> Package:
    new = library_file(dataclasses.replace(LIBRARY, **changes))  # type: ignore[arg-type]
    return changed(LIBS, LIBRARY_PATH, content=new.content)


@pytest.mark.parametrize(
    ("package", "kind"),
    [
        (LIBS, "library"),
        (DEVEL, "devel"),
        (TOOL, "tool"),
        (PYTHON, "language"),
        (DOC, "documentation"),
        (DATA, "other"),
        (Package(name="meta"), "documentation"),
        (replace(LIBS, files=(*LIBS.files, File("/usr/bin/zpipe", b"#!/bin/sh", REG | 0o755))), "tool"),
        (replace(DEVEL, files=(*DEVEL.files, File("/usr/bin/zlib-config", b"#!/bin/sh", REG | 0o755))), "devel"),
        (replace(DEVEL, files=(*DEVEL.files, File("/usr/bin/zlib-config", b"\x7fELF", REG | 0o755))), "tool"),
        (replace(LIBS, files=(library_file(path="/usr/lib64/libLLVM.so.19"),)), "tool"),
        (replace(LIBS, files=(library_file(path="/usr/lib/x86_64-linux-gnu/libpython3.13.so.1.0"),)), "tool"),
        (replace(LIBS, files=(library_file(path="/usr/lib64/libmpfr.so.6.2"),)), "tool"),
        (replace(DEVEL, files=(File("/usr/lib64/libc.so", b"GROUP ( libc.so.6 )"),)), "devel"),
        (Package(files=(File("/usr/lib/rpm/macros.d/macros.go", b"%go go"),)), "other"),
        (Package(files=(File("/usr/libexec/gcc/x86_64/15/cc1", b"\x7fELF", REG | 0o755),)), "tool"),
        (Package(files=(File("/usr/share/cargo/registry/serde-1/src/lib.rs", b"fn"),)), "other"),
    ],
)
def test_kinds(read: Callable[[Package], Manifest], package: Package, kind: str) -> None:
    assert read(package).kind == kind


UNSEEN = {
    "implementation": (LIBS, with_library(code=b"\xc3" * 64)),
    "undefined symbol": (LIBS, with_library(symbols=(*LIBRARY.symbols, Symbol("malloc", defined=False)))),
    "hidden symbol": (LIBS, with_library(symbols=(*LIBRARY.symbols, Symbol("inner", visibility=2)))),
    "size of a function": (LIBS, with_library(symbols=(replace(LIBRARY.symbols[0], size=99), LIBRARY.symbols[1]))),
    "order of symbols": (LIBS, with_library(symbols=LIBRARY.symbols[::-1])),
    "documentation": (LIBS, changed(LIBS, "/usr/share/doc/zlib/README", content=b"Read this\n")),
    "more documentation": (DEVEL, replace(DEVEL, files=(*DEVEL.files, File("/usr/share/man/man3/inflate.3", b"x")))),
    "owner": (LIBS, changed(LIBS, "/etc/zlib.conf", owner="zlib")),
    "bytecode": (PYTHON, changed(PYTHON, PYC.path, content=b"\x02")),
    "release": (
        LIBS,
        replace(LIBS, release="2", provides=(("zlib", EQUAL, "1.3-2"), ("libz.so.1()(64bit)", 0, ""))),
    ),
    "release of a tool": (TOOL, replace(TOOL, release="2")),
    "release with an epoch": (
        replace(DEVEL, epoch=2, requires=(("zlib", EQUAL, "2:1.3-1"),)),
        replace(DEVEL, epoch=2, release="1.1", requires=(("zlib", EQUAL, "2:1.3-1.1"),)),
    ),
    "manual": (DOC, changed(DOC, "/usr/share/doc/zlib/manual.html", content=b"<h1>")),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_change_that_no_build_sees(read: Callable[[Package], Manifest], name: str) -> None:
    before, after = (read(package).digests for package in UNSEEN[name])
    assert before.interface == after.interface
    assert before.payload != after.payload


SEEN = {
    "added symbol": (LIBS, with_library(symbols=(*LIBRARY.symbols, Symbol("deflate", version="ZLIB_1")))),
    "removed symbol": (LIBS, with_library(symbols=LIBRARY.symbols[:1])),
    "version of a symbol": (LIBS, with_library(symbols=(Symbol("inflate", version="ZLIB_2"), LIBRARY.symbols[1]))),
    "default version": (LIBS, with_library(symbols=(replace(LIBRARY.symbols[0], hidden=True), LIBRARY.symbols[1]))),
    "size of an object": (LIBS, with_library(symbols=(LIBRARY.symbols[0], replace(LIBRARY.symbols[1], size=16)))),
    "binding": (LIBS, with_library(symbols=(replace(LIBRARY.symbols[0], binding=WEAK), LIBRARY.symbols[1]))),
    "soname": (LIBS, with_library(soname="libz.so.2")),
    "needed library": (LIBS, with_library(needed=("libc.so.6", "libm.so.6"))),
    "run path": (LIBS, with_library(run_path="/opt/lib")),
    "machine": (LIBS, with_library(machine=183)),
    "no longer a library": (LIBS, changed(LIBS, LIBRARY_PATH, content=b"INPUT(-lz)")),
    "link": (LIBS, changed(LIBS, "/usr/lib64/libz.so.1", target="libz.so.1.4")),
    "configuration": (LIBS, changed(LIBS, "/etc/zlib.conf", content=b"level=9\n")),
    "header": (DEVEL, changed(DEVEL, HEADER.path, content=b"long inflate(void);\n")),
    "mode": (DEVEL, changed(DEVEL, HEADER.path, mode=REG | 0o600)),
    "pkg-config": (DEVEL, changed(DEVEL, PC.path, content=b"Version: 1.3\nLibs: -lz\n")),
    "new header": (DEVEL, replace(DEVEL, files=(*DEVEL.files, File("/usr/include/zconf.h")))),
    "version": (LIBS, replace(LIBS, version="1.4")),
    "epoch": (LIBS, replace(LIBS, epoch=1)),
    "provides": (LIBS, replace(LIBS, provides=(*LIBS.provides, ("zlib-ng", 0, "")))),
    "provided version": (LIBS, replace(LIBS, provides=(("zlib", EQUAL, "1.2-1"), LIBS.provides[1]))),
    "requires": (DEVEL, replace(DEVEL, requires=(*DEVEL.requires, ("glibc-devel", 0, "")))),
    "scriptlet": (LIBS, replace(LIBS, post="ldconfig")),
    "program": (TOOL, changed(TOOL, "/usr/bin/gzip", content=b"\x7fELF2")),
    "manual of a tool": (TOOL, changed(TOOL, "/usr/share/man/man1/gzip.1", content=b"n")),
    "module": (PYTHON, changed(PYTHON, MODULE.path, content=b"x = 2\n")),
    "bytecode without source": (replace(PYTHON, files=(PYC,)), replace(PYTHON, files=(replace(PYC, content=b"2"),))),
    "data": (DATA, changed(DATA, "/usr/share/unicode/UnicodeData.txt", content=b"0042;B")),
    "plugin": (
        replace(LIBS, files=(*LIBS.files, library_file(path="/usr/lib64/gconv/X.so"))),
        replace(LIBS, files=(*LIBS.files, library_file(replace(LIBRARY, code=b"\0"), "/usr/lib64/gconv/X.so"))),
    ),
    "static library": (
        replace(DEVEL, files=(*DEVEL.files, File("/usr/lib64/libz.a", b"!<arch>\n1"))),
        replace(DEVEL, files=(*DEVEL.files, File("/usr/lib64/libz.a", b"!<arch>\n2"))),
    ),
    "implementation of a tool's library": (
        replace(LIBS, files=(*LIBS.files, *TOOL.files)),
        replace(with_library(code=b"\0"), files=(*with_library(code=b"\0").files, *TOOL.files)),
    ),
    "index of documentation": (
        replace(DOC, files=(File("/usr/share/doc/python3/objects.inv", b"1"),)),
        replace(DOC, files=(File("/usr/share/doc/python3/objects.inv", b"2"),)),
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_change_that_builds_see(read: Callable[[Package], Manifest], name: str) -> None:
    before, after = (read(package).digests for package in SEEN[name])
    assert before.interface != after.interface
    assert before.payload != after.payload


@pytest.mark.parametrize(
    "other",
    [
        replace(LIBS, build_time=2, build_host="elsewhere"),
        changed(LIBS, LIBRARY_PATH, time=99),
        replace(LIBS, requires=LIBS.requires[:1], packed=False),
        replace(LIBS, stripped=True),
    ],
    ids=["time and host", "time of a file", "compression", "form of the payload"],
)
def test_change_that_installs_nothing_else(read: Callable[[Package], Manifest], other: Package) -> None:
    assert read(LIBS).digests == read(other).digests


def test_manifest_in_words(read: Callable[[Package], Manifest]) -> None:
    seen = read(LIBS).seen
    conf, link = LIBS.files[4], LIBS.files[1]
    assert seen == {
        "name": "zlib",
        "version": "0:1.3",
        "arch": "x86_64",
        "provides libz.so.1()(64bit)": "",
        "provides zlib = 1.3": "",
        "requires libc.so.6()(64bit)": "",
        f"library {LIBRARY_PATH}": "libz.so.1 for 62 64 little-endian",
        f"library {LIBRARY_PATH} needs": "libc.so.6",
        f"library {LIBRARY_PATH} searches": "",
        f"library {LIBRARY_PATH} inflate@@ZLIB_1": "function",
        f"library {LIBRARY_PATH} table@@ZLIB_1": "object 8",
        f"file {link.path}": "120777 libz.so.1.3",
        f"file {conf.path}": f"100644 {hashlib.sha256(conf.content).hexdigest()}",
    }


def test_hard_links_are_one_file(read: Callable[[Package], Manifest]) -> None:
    names = ("/usr/lib64/libz.so.1", "/usr/lib64/libzz.so.1")
    linked = Package(files=tuple(replace(library_file(path=name), inode=7) for name in names))
    apart = Package(files=tuple(library_file(path=name) for name in names))
    assert read(linked).seen == read(apart).seen
    assert read(linked).digests.payload != read(apart).digests.payload
    assert read(replace(linked, stripped=True)).digests == read(linked).digests
    assert read(linked).seen["library /usr/lib64/libzz.so.1 inflate@@ZLIB_1"] == "function"


def test_ghosts_have_no_content(read: Callable[[Package], Manifest]) -> None:
    ghost = File("/usr/lib64/libz.so.1", b"", flags=64)
    assert read(Package(files=(ghost, HEADER))).seen[f"file {ghost.path}"] == "100644"


def test_weak_digests_are_refused(read: Callable[[Package], Manifest]) -> None:
    from boatyard.base.error import BuildError

    with pytest.raises(BuildError, match="no digest that can be relied on"):
        read(replace(LIBS, digest_algorithm=1))


def test_digests_are_kept(tmp_path: Path) -> None:
    path = rpm_file.write(LIBS, tmp_path / "zlib.rpm")
    rpm = RpmFile(path=path, name="zlib", evr=Evr("1.3", "1"), arch="x86_64", size=1, sha256=sha256_file(path))
    first = find_interface(rpm, tmp_path / "cache")
    path.unlink()
    assert find_interface(rpm, tmp_path / "cache") == first
    used = used_package(rpm, tmp_path / "cache", "zlib")
    assert (used.interface, used.payload, used.component) == (first.interface, first.payload, "zlib")
    (record,) = (tmp_path / "cache").rglob("*.json")
    record.write_bytes(record.read_bytes().replace(first.interface.encode(), b"0" * 64))
    rpm_file.write(LIBS, path)
    assert find_interface(rpm, tmp_path / "cache") == first
