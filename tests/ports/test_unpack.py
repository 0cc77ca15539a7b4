# ruff: noqa: E501 (tables of archives)
"""Unpacking: ordinary archives come out whole, hostile ones write nothing outside and are stopped in time."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from boatyard.base.error import SourceError
from boatyard.ports.compression import Bounds
from boatyard.ports.folder import Folder
from boatyard.ports.tar import END, Member, write_tar
from boatyard.ports.unpack import Limits, check_link, unpack_archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACK: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
Entry = tuple[str, bytes, str, int, bytes]


def raw(
    name: str | bytes,
    kind: bytes = b"0",
    link: str | bytes = "",
    mode: int = 0o644,
    data: bytes = b"",
    size: bytes | None = None,
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """One member, as a careless or hostile program would write it."""
    name = name.encode() if isinstance(name, str) else name
    link = link.encode() if isinstance(link, str) else link
    header = name.ljust(100, b"\0")[:100] + b"%07o\0" % mode + b"0000000\0" * 2
    header += size or b"%011o\0" % len(data)
    header += b"%011o\0" % 0 + b" " * 8 + kind + link.ljust(100, b"\0")[:100] + magic + b"\0" * 64 + b"\0" * 16
    header = (header + prefix).ljust(512, b"\0")
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return header + data + b"\0" * (-len(data) % 512)


def pax(**records: str) -> bytes:
    body = b""
    for key, value in records.items():
        text = f" {key}={value}\n".encode()
        length = len(text) + 1
        while len(str(length)) + len(text) != length:
            length += 1
        body += str(length).encode() + text
    return raw("pax", b"x", data=body)


def long_name(name: str, kind: bytes = b"L") -> bytes:
    return raw("././@LongLink", kind, data=name.encode() + b"\0")


def traversal_2025_4517() -> bytes:
    """Folders and links so deep that a resolver which gives up at PATH_MAX believes the last link is inside."""
    members, path = [], ""
    name = "d" * 247
    for letter in "abcdefghijklmnop":
        members += [
            raw(f"{path}{name}", b"5", mode=0o755)
            if len(path) < 80
            else long_name(f"{path}{name}") + raw("x", b"5", mode=0o755)
        ]
        members += [
            (long_name(f"{path}{letter}") if len(path) > 80 else b"")
            + raw(f"{path}{letter}"[:100], b"2", name if len(name) <= 100 else "d")
        ]
        path += f"{letter}/"
    members += [
        long_name(path + "l" * 254) + raw("x", b"2", "../" * 16),
        raw("escape", b"2", path[:40] + "../../../../etc"),
    ]
    return b"".join(members) + raw("escape/written", data=b"x")


HOSTILE: dict[str, bytes] = {
    **{
        f"path-{number}": raw(name, data=b"x")
        for number, name in enumerate(
            ["../x", "a/../../x", "/x", "//x", "/../x", "a/b/../../../x", "..", "./../x", ".././x", "a/..", "../" * 30 + "etc/x"]
        )
    },
    **{f"long-path-{number}": long_name(name) + raw("x", data=b"x") for number, name in enumerate(["../" * 50 + "x", "/" + "a" * 200, "a/" * 60 + "../" * 61 + "x"])},
    **{f"pax-path-{number}": pax(path=name) + raw("x", data=b"x") for number, name in enumerate(["../x", "/x", "a/../../x"])},
    "prefix-path": raw("x", prefix=b"..", data=b"x"),
    **{
        f"link-{number}": raw("l", b"2", target) + raw("l/x", data=b"x")
        for number, target in enumerate(["..", "../..", "/", "/etc", "/tmp", ".", "a/..", "a/../..", "./..", ".//..//", "../x", "l"])
    },
    **{f"bad-link-{number}": raw("l", b"2", target) for number, target in enumerate(["", "/etc/passwd", "../../etc/passwd", "a/../../x", "../l"])},
    **{f"pax-link-{number}": pax(linkpath=target) + raw("l", b"2", "fine") for number, target in enumerate(["/etc/passwd", "../x"])},
    "long-link": long_name("../" * 50, b"K") + raw("l", b"2", "fine"),
    "link-then-file": raw("l", b"2", "a") + raw("l", data=b"x"),
    "folder-then-link": raw("d", b"5") + raw("d", b"2", "a"),
    "file-then-folder": raw("d", data=b"x") + raw("d", b"5") + raw("d/x", data=b"x"),
    "file-as-folder": raw("d", data=b"x") + raw("d/x", data=b"x"),
    "link-chain": raw("x/y/z/", b"5") + raw("x/y/z/up", b"2", "../../..") + raw("q", b"2", "x/y/z/up/..") + raw("q/f", data=b"x"),
    "link-chain-2": raw("a", b"2", ".") + raw("b", b"2", "a/a/a/..") + raw("b/f", data=b"x"),
    **{f"hard-link-{number}": raw("h", b"1", target) for number, target in enumerate(["/etc/passwd", "../../../../etc/passwd", "nothing", "", ".", "a/.."])},
    "hard-link-to-link": raw("l", b"2", "target") + raw("h", b"1", "l"),
    "hard-link-through-link": raw("d/f", data=b"x") + raw("l", b"2", "d") + raw("h", b"1", "l/f"),
    "hard-link-to-folder": raw("d", b"5") + raw("h", b"1", "d"),
    "hard-link-to-itself": raw("h", b"1", "h"),
    "hard-link-over-file": raw("a", data=b"1") + raw("b", data=b"2") + raw("b", b"1", "a"),
    "hard-link-then-write": raw("l", b"2", "../outside") + raw("h", b"1", "l") + raw("h", data=b"x"),
    **{f"special-{kind.decode()}": raw("x", kind, mode=0o666) for kind in [b"3", b"4", b"6", b"S", b"V", b"M", b"D", b"A", b"Z"]},
    "pax-sparse": pax(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}) + raw("x", data=b"x"),
    "sparse-8-EiB": pax(**{"GNU.sparse.realsize": str(1 << 63)}) + raw("x", data=b"x"),
    "size-8-EiB": raw("x", size=b"\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"),
    "size-negative": raw("x", size=b"\xff" * 12),
    "size-not-octal": raw("x", size=b"99999999999\0"),
    "size-minus": raw("x", size=b"-0000000001\0"),
    "size-too-large": raw("x", size=b"77777777777\0"),
    "pax-size": pax(size="99999999999999999") + raw("x", data=b"x"),
    "pax-size-negative": pax(size="-1") + raw("x", data=b"x"),
    "pax-size-huge": pax(size="9" * 5000) + raw("x", data=b"x"),
    "pax-length-zero": raw("p", b"x", data=b"0 a=b\n") + raw("x", data=b"x"),
    "pax-length-beyond": raw("p", b"x", data=b"99 a=b\n") + raw("x", data=b"x"),
    "pax-length-huge": raw("p", b"x", data=b"9" * 400 + b" a=b\n") + raw("x", data=b"x"),
    "pax-no-newline": raw("p", b"x", data=b"6 a=bc") + raw("x", data=b"x"),
    "pax-short": raw("p", b"x", data=b"4 a=") + raw("x", data=b"x"),
    "pax-2-GB": raw("p", b"x", size=b"17777777777\0"),
    "long-name-2-GB": raw("p", b"L", size=b"17777777777\0"),
    "name-too-long": long_name("a" * 256) + raw("x", data=b"x"),
    "path-too-long": long_name("a/" * 2500 + "x") + raw("x", data=b"x"),
    "too-deep": long_name("a/" * 200 + "x") + raw("x", data=b"x"),
    "truncated-data": raw("x", size=b"00000010000\0"),
    "truncated-header": raw("x", data=b"x")[:300],
    "checksum": raw("x", data=b"x")[:10] + b"!" + raw("x", data=b"x")[11:],
    "not-tar": b"PK\x03\x04" + b"zip" * 400,
    "noise": random.Random(1).randbytes(5000),
    "traversal-2025-4517": traversal_2025_4517(),
    "empty-name": raw("", data=b"x"),
    "dot-file": raw(".", data=b"x"),
}  # fmt: skip
HARMLESS: dict[str, bytes] = {
    "setuid": raw("x", mode=0o6755, data=b"x"),
    "case-twins": raw("a", data=b"1") + raw("A", data=b"2"),
    "duplicate": raw("a", data=b"1") + raw("a", data=b"2"),
    "newline": raw("a\nb\x1b[31m", data=b"x"),
    "not-utf-8": raw(b"\xff\xfe", data=b"x"),
    "backslash": raw("..\\x", data=b"x"),
    "dots": raw("...", data=b"x"),
    "dot-slash": raw("./", b"5") + raw("./a//b", data=b"x"),
    "links-inside": raw("d/l", b"2", "../t") + raw("t", data=b"x") + raw("dangling", b"2", "nothing"),
    "global-pax": raw("g", b"g", data=b"19 path=../../evil\n") + raw("x", data=b"x"),
    "old-folder": raw("d/", b"\0") + raw("d/x", b"\0", data=b"x"),
    "no-modes": raw("d", b"5", mode=0) + raw("d/x", mode=0, data=b"x"),
    "hard-link": raw("a", data=b"x") + raw("b", b"1", "a"),
    "empty": b"",
    "two-zero-blocks": END,
    "after-the-end": raw("a", data=b"x") + END + raw("../x", data=b"x"),
}


def outside_of(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if "target" not in path.relative_to(root).parts}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/target").mkdir()
    (tmp_path / "a/outside").write_text("untouched")
    return tmp_path / "a/b/target"


def assert_confined(tmp_path: Path, target: Path) -> None:
    assert outside_of(tmp_path) <= {"a", "a/b", "a/outside", "archive"}
    assert (tmp_path / "a/outside").read_text() == "untouched"
    real = os.path.realpath(target)
    for path in target.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode), path
        assert not mode & 0o6000 or stat.S_ISLNK(mode), path
        if stat.S_ISLNK(mode):
            assert os.path.realpath(path).startswith(real), path


@pytest.mark.parametrize("pack", ["tar", "gz"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(name: str, pack: str, target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(PACK[pack](HOSTILE[name]))
    with pytest.raises(SourceError):
        unpack_archive(archive, target)
    assert_confined(tmp_path, target)


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_archives_stay_inside(name: str, target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(HARMLESS[name])
    unpack_archive(archive, target)
    assert_confined(tmp_path, target)


@pytest.mark.parametrize("pack", ["gz", "xz", "bz2", "zst"])
def test_bombs_are_stopped(pack: str, target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    size = 200 << 20
    archive.write_bytes(PACK[pack](raw("zeros", size=b"%011o\0" % size) + bytes(size)))
    assert archive.stat().st_size < size // 200
    with pytest.raises(SourceError, match="more than is allowed"):
        unpack_archive(archive, target)
    assert sum(path.stat().st_size for path in target.rglob("*")) == 0


@pytest.mark.parametrize("pack", ["gz", "xz", "bz2", "zst"])
def test_damaged_compression_is_an_error(pack: str, target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    packed = PACK[pack](raw("a", data=random.Random(2).randbytes(100_000)))
    for wrong in (packed[: len(packed) // 2], packed[:2000] + b"\x55" * 64 + packed[2064:]):
        archive.write_bytes(wrong)
        with pytest.raises(SourceError):
            unpack_archive(archive, target)


def test_an_xz_header_cannot_ask_for_gigabytes(target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    # The compressor itself would need 11 GB for this, so the header of a small stream is changed and its CRC redone.
    packed = bytearray(lzma.compress(b"x" * 1000, filters=[{**filters[0], "dict_size": 1 << 16}]))
    start = packed.index(b"\x21\x01", 12)
    packed[start + 2] = 40
    block = packed[12 : 12 + (packed[12] + 1) * 4 - 4]
    import zlib

    packed[12 + len(block) : 16 + len(block)] = zlib.crc32(block).to_bytes(4, "little")
    archive.write_bytes(packed)
    with pytest.raises(SourceError, match=r"[Mm]emory"):
        unpack_archive(archive, target)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(count=3), "more than 3 members"),
        (Limits(file=2), "larger than 2 bytes"),
        (Limits(bounds=Bounds(total=1000)), "more than is allowed"),
        (Limits(hard_links=False), "is a hard link"),
    ],
)
def test_limits(limits: Limits, message: str, target: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(raw("a", data=b"123") + raw("b", data=b"12") + raw("h", b"1", "b") + raw("c"))
    with pytest.raises(SourceError, match=message):
        unpack_archive(archive, target, limits)


@pytest.mark.parametrize("packing", list(PACK))
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_ordinary_archives_come_out_whole(form: int, packing: str, target: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    long = "p" * 90 if form == tarfile.USTAR_FORMAT else "p" * 200
    for path, text, mode in [
        ("a/run", "#!", 0o755),
        (f"a/{long}/f", "é", 0o644),
        ("b", "x" * 70_000, 0o444),
        ("é", "", 0o600),
    ]:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        (tree / path).chmod(mode)
    (tree / "a/link").symlink_to(f"{long}/f")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        tar.add(tree, arcname="./")
    archive = tmp_path / "archive"
    archive.write_bytes(PACK[packing](buffer.getvalue()))
    assert unpack_archive(archive, target) == 8
    assert listing(target) == listing(tree)


def listing(root: Path) -> list[tuple[str, int, bytes]]:
    with Folder(root) as folder:
        return [
            (
                path,
                folder.mode(path),
                folder.read(path) if kind == "file" else folder.target(path).encode() if kind == "link" else b"",
            )
            for path, kind in folder.walk()
        ]


def test_written_members_have_the_bytes_of_go() -> None:
    """Header of `tar.Header{Name: "d/f", Mode: 0644, Size: 3, Format: tar.FormatGNU}`, laid out by the field table."""
    stream = io.BytesIO()
    write_tar(stream, Member("d/f", "file", 0o644, 3), io.BytesIO(b"abc"))
    block = stream.getvalue()
    assert len(block) == 1024
    assert block[:100] == b"d/f".ljust(100, b"\0")
    assert block[100:124] == b"0000644\0" + b"0000000\0" * 2
    assert block[124:148] == b"00000000003\0" + b"00000000000\0"
    assert block[156:157] == b"0"
    assert block[257:265] == b"ustar  \0"
    assert block[329:345] == b"0000000\0" * 2
    assert block[512:515] == b"abc"
    with tarfile.open(fileobj=io.BytesIO(block + END)) as tar:
        assert tar.getnames() == ["d/f"]


def test_written_long_names_are_read_back() -> None:
    stream = io.BytesIO()
    write_tar(stream, Member("é" * 120, "dir", 0o755))
    write_tar(stream, Member("l", "symlink", 0o777, link="t" * 150))
    stream.write(END)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        assert [(m.name, m.linkname, m.mode) for m in tar] == [("é" * 120, "", 0o755), ("l", "t" * 150, 0o777)]


@pytest.mark.parametrize(
    ("path", "link", "fine"),
    [
        ("l", "a", True), ("l", "a/b", True), ("d/l", "../a", True), ("d/l", "..", True), ("d/e/l", "../../a", True),
        ("l", "./a", True), ("l", "..a", True), ("l", "..", False), ("d/l", "../..", False), ("d/l", "../a/..", False),
        ("l", "a/..", False), ("l", "/a", False), ("l", "", False), ("d/l", "./../../a", False),
    ],
)  # fmt: skip
def test_check_link(path: str, link: str, fine: bool) -> None:
    if fine:
        check_link(path, link)
    else:
        with pytest.raises(SourceError):
            check_link(path, link)


def test_a_folder_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "d").symlink_to(outside)
    (outside / "secret").write_text("s")
    with Folder(inside) as folder:
        for attempt in (
            lambda: folder.read("d/secret"),
            lambda: folder.write("d/new", b"x", 0o644),
            lambda: folder.remove("d/secret"),
            lambda: folder.rename("d/secret", "x"),
            lambda: folder.make_dir("d/e"),
            lambda: folder.kind("d/secret"),
        ):
            with pytest.raises(SourceError, match="no folder of its own"):
                attempt()
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]


def test_writing_replaces_a_file_and_spares_its_hard_links(tmp_path: Path) -> None:
    (tmp_path / "stored").write_text("old")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/f").hardlink_to(tmp_path / "stored")
    with Folder(tmp_path / "in") as folder:
        folder.write("f", b"new", 0o600)
    assert (tmp_path / "stored").read_text() == "old"
    assert (tmp_path / "in/f").read_text() == "new"
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["f"]
