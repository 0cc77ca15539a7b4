"""Reading .debs: sound ones, and what a hostile mirror with a stolen key might serve."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import tarfile
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.seed.deb_file import DATE, a_deb, a_file, a_folder, a_link, ar_of, tar_of

from boatyard.base.error import SourceError
from boatyard.sources.deb import archive
from boatyard.sources.deb.archive import Entry, Kind, clean_path, parse_stanza, read_deb

if TYPE_CHECKING:
    from pathlib import Path


def everything(_: str) -> bool:
    return True


def read(tmp_path: Path, data: bytes, wanted=everything) -> archive.Deb:
    path = tmp_path / "x.deb"
    path.write_bytes(data)
    return read_deb(path, wanted)


@pytest.mark.parametrize("pack", ["xz", "zst", "gz", ""])
def test_every_compression_is_read(tmp_path: Path, pack: str) -> None:
    data = a_deb(
        a_folder("./"), a_folder("./bin"), a_file("./bin/tool", b"#!/bin/sh\n", mode=0o4755),
        a_link("./usr/bin/t", "tool"), pack=pack, conffiles="/etc/tool\n",
    )  # fmt: skip
    deb = read(tmp_path, data)
    assert deb.control["Version"] == "1:2.0-3"
    assert deb.conffiles == {"/etc/tool"}
    assert deb.entries == (
        Entry(path="/usr/bin", kind=Kind.DIRECTORY, mode=0o755, mtime=DATE),
        Entry(path="/usr/bin/tool", mode=0o4755, mtime=DATE, data=b"#!/bin/sh\n"),
        Entry(path="/usr/bin/t", kind=Kind.LINK, mode=0o777, mtime=DATE, target="tool"),
    )


def test_hard_links_become_files(tmp_path: Path) -> None:
    link = a_file("./usr/b", type=tarfile.LNKTYPE, linkname="./usr/a")
    deb = read(tmp_path, a_deb(a_file("./usr/a", b"same"), link))
    assert [(entry.path, entry.data) for entry in deb.entries] == [("/usr/a", b"same"), ("/usr/b", b"same")]


def test_unwanted_files_are_left_out_and_their_folders_kept(tmp_path: Path) -> None:
    deb = read(tmp_path, a_deb(a_folder("./usr"), a_file("./usr/a", b"1")), lambda path: path == "/nothing")
    assert [entry.path for entry in deb.entries] == ["/usr"]


HOSTILE = {
    "leaves the root": a_file("../../etc/passwd", b"x"),
    "leaves it in the middle": a_file("./usr/../../etc/passwd", b"x"),
    "newline in a name": a_file("./usr/a\n%post\nrm -rf /", b"x"),
    "control character": a_file("./usr/a\x1b[2J", b"x"),
    "newline in a link": a_link("./usr/a", "b\nc"),
    "empty link": a_link("./usr/a", ""),
    "very long name": a_file("./" + "x/" * 600, b"x"),
    "device": a_file("./dev/sda", type=tarfile.BLKTYPE),
    "fifo": a_file("./pipe", type=tarfile.FIFOTYPE),
    "hard link to what is not there": a_file("./a", type=tarfile.LNKTYPE, linkname="/etc/shadow"),
    "hard link out": a_file("./a", type=tarfile.LNKTYPE, linkname="../../etc/shadow"),
    "sparse file": a_file("./a", b"x", pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 50)}),
    "no date": a_file("./a", b"x", pax_headers={"mtime": "inf"}),
    "date before 1970": a_file("./a", b"x", mtime=-5),
    "owner without a name": a_file("./a", b"x", uid=1000, uname=""),
    "owner that is no name": a_file("./a", b"x", uid=1000, uname="root) %post -p"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"x\.deb is not a sound \.deb"):
        read(tmp_path, a_deb(a_file("./usr/first", b"1"), HOSTILE[name]))


DAMAGED = {
    "nothing": b"",
    "no archive": b"PK\x03\x04" + bytes(100),
    "no members": b"!<arch>\n",
    "damaged header": b"!<arch>\n" + b"x" * 60,
    "size that is no number": b"!<arch>\n" + b"data.tar        0           0     0     100644  -12       `\n",
    "no data": ar_of(
        {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(tar_of([a_file("control", b"A: b")]))}
    ),
    "no control": ar_of({"data.tar": tar_of([])}),
    "unknown compression": ar_of({"data.tar.lz9": b"1"}),
    "no xz": ar_of({"data.tar.xz": b"this is not xz at all"}),
    "no zstd": ar_of({"data.tar.zst": b"this is not zstd at all"}),
    "damaged gzip": ar_of({"data.tar.gz": gzip.compress(b"x" * 3000)[:10] + b"\xff" * 40}),
    "no gzip": ar_of({"data.tar.gz": b"this is not gzip at all"}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_archives_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError):
        read(tmp_path, DAMAGED[name])


@pytest.mark.parametrize("pack", ["xz", "zst", "gz"])
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1 << 20)
    with pytest.raises(SourceError, match="more than is allowed"):
        read(tmp_path, a_deb(a_file("./zeros", bytes(2 << 20)), pack=pack))


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 10)
    with pytest.raises(SourceError, match="more than 10 entries"):
        read(tmp_path, a_deb(*(a_file(f"./{number}") for number in range(11))))


def test_xz_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}])
    packed = bytearray(packer.compress(tar_of([])) + packer.flush())
    # The block header begins at byte 12 and ends with its CRC; LZMA2 (0x21) has one property, which gives the size of
    # the dictionary (xz format 5.3.1).
    end = 12 + (packed[12] + 1) * 4
    packed[packed.index(b"\x21\x01", 12, end) + 2] = 36  # 1 GiB
    packed[end - 4 : end] = zlib.crc32(bytes(packed[12 : end - 4])).to_bytes(4, "little")
    with pytest.raises(SourceError, match=r"(?i)memory"):
        read(tmp_path, ar_of({"data.tar.xz": bytes(packed)}))


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = a_deb(a_file("./usr/a", b"content " * 500))
    for length in range(0, len(whole) - 2, 37):
        with pytest.raises(SourceError):
            read(tmp_path, whole[:length])


@pytest.mark.parametrize("pack", ["xz", "zst", "gz", ""])
def test_random_damage_never_gives_a_traceback(tmp_path: Path, pack: str) -> None:
    whole = a_deb(a_file("./usr/a", b"content " * 50), pack=pack)
    for number in range(300):
        noise = hashlib.sha256(str(number).encode()).digest()
        damaged = bytearray(whole)
        for place in range(0, 8, 2):
            damaged[int.from_bytes(noise[place : place + 2], "big") % len(whole)] = noise[place + 8]
        try:
            read(tmp_path, bytes(damaged))
        except SourceError:
            continue


@given(st.text(max_size=60))
def test_clean_paths_stay_below_the_root(name: str) -> None:
    try:
        path = clean_path(name)
    except ValueError:
        return
    assert path.startswith("/")
    assert ".." not in path.split("/")
    assert "//" not in path
    assert clean_path(path) == path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./bin/x", "/usr/bin/x"), ("lib64/ld.so", "/usr/lib64/ld.so"), ("./library/x", "/library/x"), ("./", "/"),
        ("./usr//bin/./x", "/usr/bin/x"), ("./lib", "/usr/lib"), ("./opt/bin/x", "/opt/bin/x"),
    ],
)  # fmt: skip
def test_paths_are_merged_into_usr(name: str, path: str) -> None:
    assert clean_path(name) == path


def test_stanza() -> None:
    assert parse_stanza("A: b\nDescription: short\n long\n .\n more\nEmpty:\n") == {
        "A": "b", "Description": "short\nlong\n.\nmore", "Empty": "",
    }  # fmt: skip
