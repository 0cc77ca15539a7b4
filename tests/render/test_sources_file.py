"""The `sources` file: both formats read, entries replaced and added, everything else kept."""

from __future__ import annotations

import pytest

from boatyard.base.error import BuildError
from boatyard.config.model.source_file import DownloadOrigin, SourceFile
from boatyard.render.sources_file import SourceEntry, parse_sources, with_source_files

ORIGIN = DownloadOrigin(uri="https://example.org/a.tgz")


def a_file(name: str, *, replace: bool = False, digest: str = "AbC1") -> SourceFile:
    return SourceFile(
        filename=name,
        hash=digest,
        hash_type="SHA512",
        origin=ORIGIN,
        replace_upstream=replace,
        replace_reason="r" if replace else "",
    )


ENTRIES = [
    ("SHA512 (a-1.tar.gz) = ab12", SourceEntry("a-1.tar.gz", "SHA512", "ab12")),
    ("  SHA256\t(a b.tgz)  =  AB12  ", SourceEntry("a b.tgz", "SHA256", "AB12")),
    ("BLAKE2 (a) = 0", SourceEntry("a", "BLAKE2", "0")),
    ("abc  f.tgz", SourceEntry("f.tgz", "MD5", "abc")),
    ("ABC f.tgz", SourceEntry("f.tgz", "MD5", "ABC")),
]


@pytest.mark.parametrize(("line", "entry"), ENTRIES)
def test_entries_are_read(line: str, entry: SourceEntry) -> None:
    assert parse_sources(f"# comment\n\n{line}\n") == {entry.file: (2, entry)}


@pytest.mark.parametrize(
    "line",
    ["sha512 (a) = ab", "SHA512 (a) = xyz", "SHA512 a = ab", "xyz  f.tgz", "ab  f.tgz more", "SHA512 () = ab", "word"],
)
def test_other_lines_are_refused_with_their_number(line: str) -> None:
    with pytest.raises(BuildError, match="line 2"):
        parse_sources(f"SHA512 (z) = ab\n{line}\n")


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(BuildError, match="twice"):
        parse_sources("SHA512 (a) = ab\nabc  a\n")


UPDATES = [
    ("nothing to add leaves every byte", "SHA512 (a) = ab\r\nanything", [], "SHA512 (a) = ab\r\nanything"),
    ("no file yet", "", [a_file("n.tgz")], "SHA512 (n.tgz) = AbC1\n"),
    (
        "appended in order",
        "SHA512 (a) = ab\n",
        [a_file("z"), a_file("b")],
        "SHA512 (a) = ab\nSHA512 (z) = AbC1\nSHA512 (b) = AbC1\n",
    ),
    ("a final newline is added", "SHA512 (a) = ab", [a_file("n")], "SHA512 (a) = ab\nSHA512 (n) = AbC1\n"),
    (
        "replaced in place, comments and blanks kept",
        "# c\nabc  a\n\n  SHA512 (b) = ab\n",
        [a_file("a", replace=True)],
        "# c\nSHA512 (a) = AbC1\n\n  SHA512 (b) = ab\n",
    ),
]


@pytest.mark.parametrize(
    ("before", "files", "after"), [case[1:] for case in UPDATES], ids=[case[0] for case in UPDATES]
)
def test_updates(before: str, files: list[SourceFile], after: str) -> None:
    assert with_source_files(before, files) == after


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        ("SHA512 (a) = ab\n", a_file("a"), "already"),
        ("SHA512 (b) = ab\n", a_file("a", replace=True), "replaces nothing"),
        ("", a_file("a", digest=""), "no hash"),
    ],
)
def test_conflicts_are_refused(text: str, file: SourceFile, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        with_source_files(text, [file])
