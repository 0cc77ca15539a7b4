"""Reading one file: both parsers agree, and what is no such file is told in order."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

import pytest

from boatyard.config.fault import Fault
from boatyard.config.read import MAX_BYTES, parse, read_text, read_toml

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [
    'a = 1\nb = "\\u00e9"\nc = [1, 2.5, true]\n[d.e]\nf = {g = "h"}\n[[i]]\n[[i]]\nj = 2026-02-24T00:00:00-08:00\n',
    "a = '''x\ny'''\n\"b.c\".d = 'e\\f'\nn = 0x1F\nm = -1e3\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_standard_library_reads_the_same(text: str) -> None:
    assert parse(text) == tomllib.loads(text)


@pytest.mark.corpus
def test_the_standard_library_reads_the_corpus_the_same(corpus: Path) -> None:
    files = sorted(corpus.rglob("*.toml"))
    assert len(files) > 200
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert parse(text) == tomllib.loads(text), file


@pytest.mark.parametrize(
    ("data", "what", "line"),
    [
        (b"a = 1\nb =\n", "not valid TOML", 2),
        (b"a = 1\na = 2\n", "duplicate key", 2),
        (b"a = 1\nb = '\xff'\n", "not UTF-8", 2),
        (b"a = " + b"[" * 5000, "recurse", 1),
        (b"a = 1\n\x00", "not valid TOML", 2),
    ],
)
def test_malformed_files(tmp_path: Path, data: bytes, what: str, line: int) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(data)
    fault = read_toml(file)
    assert isinstance(fault, Fault)
    assert what in fault.what
    assert fault.line == line
    assert "\n" not in fault.what


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base"])
def test_merge_conflicts_are_named(tmp_path: Path, mark: str, end: str) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(f"a = 1{end}{mark}{end}".encode())
    fault = read_toml(file)
    assert isinstance(fault, Fault)
    assert (fault.what, fault.line) == ("an unresolved merge conflict", 2)
    file.write_bytes(f'a = """{end}{mark}{end}"""'.encode())
    assert not isinstance(read_toml(file), Fault), "in a text it may be meant"


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbf[a]\r\nb = 'c'\r\n")
    assert read_toml(file) == {"a": {"b": "c"}}
    file.write_bytes(b"\xef\xbb\xbf[a]\r\nb = \r\n")
    fault = read_toml(file)
    assert isinstance(fault, Fault)
    assert fault.line == 2


def test_files_that_have_no_size(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to("/proc/self/mounts")
    text = read_text(tmp_path / "a.toml")
    assert isinstance(text, str)
    assert "proc" in text


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("pipe", "not a plain file"), ("", "not a plain file"), ("absent", "No such file")):
        fault = read_toml(tmp_path / name)
        assert isinstance(fault, Fault)
        assert what in fault.what


def test_a_file_too_large(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    with file.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    fault = read_toml(file)
    assert isinstance(fault, Fault)
    assert "larger than" in fault.what
