"""RPM files byte by byte: what rpm itself reads of them, and what a hostile one can do (nothing)."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rpm import elf_file, rpm_file
from tests.rpm.elf_file import SharedLibrary
from tests.rpm.rpm_file import DIR, REG, File, Package
from tests.spec_file import a_tree

from boatyard.base.error import BuildError
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.ports.run import Command
from boatyard.rpm.interface import read_manifest
from boatyard.rpm.payload import PackedFile, contents, files_of
from boatyard.rpm.tag import read_tags
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

PACKAGE = Package(
    files=(
        File("/usr/lib64/libz.so.1", elf_file.write(SharedLibrary()), REG | 0o755),
        File("/usr/lib64/libz.so", target="libz.so.1"),
        File("/usr/share/zlib", mode=DIR | 0o755),
        File("/usr/share/zlib/data", b"data\n", owner="zlib"),
        File("/usr/share/zlib/datum\udce9", b"d", caps="cap_net_raw=ep"),
    )
)


def everything(path: Path) -> dict[str, bytes]:
    tags = read_tags(path)
    return {file.path: data for file, data in contents(path, tags, files_of(tags), lambda _: True)}


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_contents(tmp_path: Path, packed: bool, stripped: bool) -> None:
    path = rpm_file.write(replace(PACKAGE, packed=packed, stripped=stripped), tmp_path / "a.rpm")
    assert everything(path) == {file.path: file.content for file in PACKAGE.files if file.content}


def test_nothing_wanted_nothing_read(tmp_path: Path) -> None:
    path = rpm_file.write(PACKAGE, tmp_path / "a.rpm")
    tags = read_tags(path)
    path.write_bytes(path.read_bytes()[: tags.payload])
    assert list(contents(path, tags, files_of(tags), lambda _: False)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"data\n", b"date\n", "has another content than its header states"),
        (b"./usr/share/zlib/data", b"./usr/share/zlib/date", "a file that is not in the header"),
        (b"./usr/share/zlib/data", b"./../share/zlib/data\0", "a file that is not in the header"),
        (b"070701", b"070707", "no cpio archive"),
        (b"TRAILER!!!", b"TRAILER???", "a file that is not in the header"),
    ],
)
def test_payload_that_does_not_fit(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    path = rpm_file.write(replace(PACKAGE, packed=False), tmp_path / "a.rpm")
    data, start = path.read_bytes(), read_tags(path).payload
    assert old in data[start:]
    path.write_bytes(data[:start] + data[start:].replace(old, new))
    with pytest.raises(BuildError, match=message):
        # The trailer is looked for only while a file is missing.
        everything(path) if b"TRAILER" not in old else list(_of_missing(path))


def _of_missing(path: Path) -> list[tuple[PackedFile, bytes]]:
    tags = read_tags(path)
    ghost = PackedFile("/x", REG, "", "", "", "", 0, 0, "", "", 0, 1, len(files_of(tags)))
    return list(contents(path, tags, (*files_of(tags), ghost), lambda file: file is ghost))


def test_payload_that_ends_too_early(tmp_path: Path) -> None:
    path = rpm_file.write(replace(PACKAGE, packed=False), tmp_path / "a.rpm")
    start = read_tags(path).payload
    path.write_bytes(path.read_bytes()[: start + 300])
    with pytest.raises(BuildError, match="ends too early"):
        everything(path)


def test_payload_without_a_file(tmp_path: Path) -> None:
    path = rpm_file.write(PACKAGE, tmp_path / "a.rpm")
    with pytest.raises(BuildError, match="/x is not in its payload"):
        _of_missing(path)


@pytest.mark.parametrize(
    "tags",
    [
        {1030: (3, [1])},
        {1116: (4, [0, 0, 9, 0, 0])},
        {1117: (8, ["only one"])},
        {1035: (8, ["a", "b"])},
        {5008: (5, [1, 2])},
    ],
    ids=["modes", "folders", "names", "digests", "sizes"],
)
def test_lists_that_do_not_fit(tmp_path: Path, tags: dict[int, tuple[int, list[object]]]) -> None:
    path = rpm_file.write(replace(PACKAGE, extra=tags), tmp_path / "a.rpm")
    with pytest.raises(BuildError, match="is damaged"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("place", "data", "message"),
    [
        (0, b"PK\3\4", "has no lead"),
        (96, b"\0", "no header where one belongs"),
        (104, struct.pack(">I", 0x7FFFFFFF), "states more than there is"),
        (108, struct.pack(">I", 0x7FFFFFFF), "states more than there is"),
        (128 + 8 + 16 + 12, struct.pack(">I", 0x00FFFFFF), "outside of the header"),
        (128 + 8 + 16 + 8, struct.pack(">I", 0x00FFFFFF), "outside of the header"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, place: int, data: bytes, message: str) -> None:
    path = rpm_file.write(PACKAGE, tmp_path / "a.rpm")
    old = path.read_bytes()
    path.write_bytes(old[:place] + data + old[place + len(data) :])
    with pytest.raises(BuildError, match=message):
        read_tags(path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ((File("/a/b"), File("/a/b")), "has a file twice"),
        ((File("/" + "a/" * 3000 + "b"),), "longer names"),
    ],
    ids=["twice", "long"],
)
def test_names_that_no_package_has(tmp_path: Path, files: tuple[File, ...], message: str) -> None:
    path = rpm_file.write(Package(files=files), tmp_path / "a.rpm")
    with pytest.raises(BuildError, match=message):
        read_manifest(path)


def test_many_names_of_nothing(tmp_path: Path) -> None:
    """A million empty names in one long folder: a megabyte that would become gigabytes."""
    count = 1_000_000
    tags: dict[int, tuple[int, list[object]]] = {
        1116: (4, [0] * count),
        1117: (8, [""] * count),
        1118: (8, ["/" + "a" * 4000]),
    }
    path = rpm_file.write(Package(extra=tags), tmp_path / "a.rpm")
    with pytest.raises(BuildError, match="longer names"):
        files_of(read_tags(path))


def test_tags_that_overlap(tmp_path: Path) -> None:
    """Thousands of tags, each all of the data: small to store, endless to read."""
    entries = b"".join(struct.pack(">IIII", 6000 + number, 7, 0, 1 << 20) for number in range(2000))
    block = b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", 2000, 1 << 20) + entries + bytes(1 << 20)
    signature = b"\x8e\xad\xe8\x01" + bytes(12)
    (tmp_path / "a.rpm").write_bytes(b"\xed\xab\xee\xdb" + bytes(92) + signature + block)
    with pytest.raises(BuildError, match="overlap"):
        read_tags(tmp_path / "a.rpm")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5), st.booleans())
def test_damage_ends_in_build_error(tmp_path: Path, changes: list[tuple[float, bytes]], stripped: bool) -> None:
    path = rpm_file.write(replace(PACKAGE, packed=False, stripped=stripped), tmp_path / "a.rpm")
    data = bytearray(path.read_bytes())
    for place, piece in changes:
        at = int(place * (len(data) - len(piece)))
        data[at : at + len(piece)] = piece
    path.write_bytes(data)
    try:
        read_manifest(path)
        everything(path)
    except BuildError:
        pass


@pytest.mark.tool
def test_rpm_reads_the_same(tmp_path: Path, run: HostRunner) -> None:
    """The writer of these tests writes RPM files, and the reader reads what rpm reads."""
    path = rpm_file.write(PACKAGE, tmp_path / "a.rpm")
    form = r"[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME} %{FILELINKTOS} %{FILEDIGESTS} %{FILECAPS}\n]"
    told = run(Command(argv=("rpm", "-qp", "--nosignature", "--qf", form, str(path)))).stdout
    files = files_of(read_tags(path))
    ours = "".join(f"{f.path} {f.mode:o} {f.owner} {f.target} {f.digest} {f.caps}\n" for f in files)
    assert told == ours.encode("utf-8", "surrogateescape")


@pytest.mark.tool
@pytest.mark.parametrize("payload", ["w3.zstdio", "w9.gzdio", "w6.xzdio", "w9.bzdio", "w.ufdio"])
def test_payloads_of_rpmbuild(tmp_path: Path, run: HostRunner, payload: str) -> None:
    install = "ln %{buildroot}/usr/share/alpha/data %{buildroot}/usr/share/alpha/twin"
    tree = a_tree(tmp_path / "src", "alpha", tags=f"%global _binary_payload {payload}", install=install)
    spec = tree.dir / tree.spec
    spec.write_text(spec.read_text() + "%attr(0644,root,root) /usr/share/alpha/twin\n", encoding="utf-8")
    (tmp_path / "work").mkdir()
    (rpm,) = run_build(tree, find_environment(Arch.X86_64, run), tmp_path / "work", tmp_path / "log", run)
    assert everything(rpm.path) == {f"/usr/share/alpha/{name}": b"alpha\n" for name in ("data", "twin")}
    manifest = read_manifest(rpm.path)
    assert manifest.kind == "other"
    file = "100644 b6a98d9ce9a2d9149288fa3df42d377c3e42737afdcdaf714e33c0a100b51060 root:root flags 0 verify ffffffff"
    assert manifest.installed == {
        "name": "alpha",
        "version": "0:1",
        "release": "1",
        "arch": "x86_64",
        "provides alpha = 1-1": "",
        "provides alpha(x86-64) = 1-1": "",
        "file /usr/share/alpha/data": file,
        "file /usr/share/alpha/twin": f"{file} same as /usr/share/alpha/data",
    }
