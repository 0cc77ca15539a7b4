"""Sections, tags, conditionals and patches as the azldev format sees them."""

import pytest

from boatyard.spec import conditional
from boatyard.spec.patch import next_patch_number, patch_number, patches
from boatyard.spec.section import header, sections
from boatyard.spec.tag import family, parse_tag, tags
from boatyard.spec.text import decode, encode, join_lines, split_lines

HEADERS = [
    ("%build", ("%build", "")),
    ("  %Build  ", ("%Build", "")),
    ("#%build", None),
    ("%builds", None),
    ("%%build", None),
    ("make %build", None),
    ("%package devel", ("%package", "devel")),
    ("%package -n libfoo", ("%package", "libfoo")),
    ("%package -n %{name}+xen-devel", ("%package", "%{name}+xen-devel")),
    ("%files -f files.list devel", ("%files", "devel")),
    ("%files -n devel", ("%files", "devel")),
    ("%files -f files.list", ("%files", "")),
    ("%post -p /sbin/ldconfig libs", ("%post", "libs")),
    ("%post libs -p /sbin/ldconfig", ("%post", "libs")),
    ("%post -q libs", ("%post", "libs")),
    ("%triggerin -P 100 -- bash", ("%triggerin", "")),
    ("%triggerin devel -- bash < 2", ("%triggerin", "devel")),
    ("%description -l pl", ("%description", "")),
    ("%description %_description", ("%description", "%_description")),
    ("%files one two", ("%files", "one")),
    ("%files suffix -n full", ("%files", "full")),
    ("%files -n", ("%files", "")),
    ("%changelog ignored", ("%changelog", "")),
    ("%patchlist -n x", ("%patchlist", "")),
    ("%verify", ("%verify", "")),
    ("%verifyscript", None),
    ("%sepolicy", None),
]


@pytest.mark.parametrize(("line", "expected"), HEADERS)
def test_header(line: str, expected: tuple[str, str] | None) -> None:
    assert header(line) == expected


def test_sections_hold_every_line_once() -> None:
    lines = split_lines("Name: a\n\n%if 1\n%build\nmake\n%files\n%files devel\n/x\n")
    found = sections(lines)
    assert [(s.name, s.package, s.start, s.end) for s in found] == [
        ("", "", 0, 3),
        ("%build", "", 3, 5),
        ("%files", "", 5, 6),
        ("%files", "devel", 6, 8),
    ]
    assert [list(s.body) for s in found] == [[0, 1, 2], [4], [], [7]]


def test_no_lines_are_an_empty_preamble() -> None:
    assert [(s.name, s.start, s.end) for s in sections([])] == [("", 0, 0)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"a", b"a\n"),
        (b"a\n", b"a\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\r\r\n", b"a\r\n"),
        (b"\n\n", b"\n\n"),
        (b"caf\xe9 \x00\x0b\x0c\x1c\xc2\x85\n", b"caf\xe9 \x00\x0b\x0c\x1c\xc2\x85\n"),
    ],
)
def test_only_line_ends_are_normalised(data: bytes, expected: bytes) -> None:
    assert encode(join_lines(split_lines(decode(data)))) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Name: a", ("Name", "a")),
        ("  Version:1  ", ("Version", "1")),
        ("Requires(post): x >= 1", ("Requires(post)", "x >= 1")),
        ("%{?x:y}", ("%{?x", "y}")),
        ("%global a:b", None),
        ("# Name: a", None),
        (" # Name: a", None),
        ("Empty:", ("Empty", "")),
        (": x", None),
        ("URL: https://a/b:c", ("URL", "https://a/b:c")),
    ],
)
def test_tag(line: str, expected: tuple[str, str] | None) -> None:
    tag = parse_tag(line)
    assert ((tag.name, tag.value) if tag else None) == expected


def test_tags_are_read_in_the_preamble_and_in_package_sections_only() -> None:
    lines = split_lines(
        "Name: a\n%package devel\nSummary: s\n%package\nURL: u\n%description\nNot: a tag\n%build\nx: y\n"
    )
    assert [tag.name for tag in tags(lines)] == ["Name", "Summary", "URL"]
    assert [tag.name for tag in tags(lines, "")] == ["Name", "URL"]
    assert [tag.name for tag in tags(lines, "devel")] == ["Summary"]
    assert [tag.name for tag in tags(lines, "none")] == []


@pytest.mark.parametrize(
    ("tag", "expected"), [("Source12", "source"), ("Patch", "patch"), ("BuildRequires", "buildrequires"), ("9", "9")]
)
def test_family(tag: str, expected: str) -> None:
    assert family(tag) == expected


@pytest.mark.parametrize(
    ("tag", "number"),
    [("Patch0", 0), ("PATCH5", 5), ("patch99", 99), ("Patch", None), ("PatchFoo", None), ("Source0", None), ("", None)],
)
def test_patch_number(tag: str, number: int | None) -> None:
    assert patch_number(tag) == number


@pytest.mark.parametrize(
    ("preamble", "number"),
    [
        ("", 0),
        ("Patch0: a\n", 1),
        ("Patch0: a\nPatch5: b\nPatch3: c\n", 6),
        ("patch0: a\nPATCH1: b\n", 2),
        ("Patch0: a\n%package devel\nPatch5: b\n", 6),
        ("Patch: a\nPatch: b\n", 2),
        ("Patch: a\nPatch: b\nPatch7: c\n", 8),
        ("Patch: a\n", 1),
        ("Patch%{n}: a\n", 0),
    ],
)
def test_next_patch_number(preamble: str, number: int) -> None:
    assert next_patch_number(split_lines("Name: t\n" + preamble)) == number


def test_patches_of_tags_and_of_the_list() -> None:
    found = patches(split_lines("Patch: a\nPatch2: b\n%patchlist\nc\n\n  d\n%build\nx\n"))
    assert [(p.value, p.number, p.line, p.listed) for p in found] == [
        ("a", None, 0, False),
        ("b", 2, 1, False),
        ("c", None, 3, True),
        ("d", None, 5, True),
    ]


@pytest.mark.parametrize(
    ("line", "change"),
    [
        *[("%if 1", 1), (" %IFARCH x", 1), ("%ifnos x", 1), ("%endif", -1), ("%endif # x", -1), ("%else", 0)],
        *[("%if(1)", 0), ("#%if", 0), (" # %if", 0), ("%iffy", 0), ("x %if", 0), ("", 0)],
    ],
)
def test_depth_change(line: str, change: int) -> None:
    assert conditional.depth_change(line) == change


def test_blocks_are_paired_with_their_branches() -> None:
    lines = ["%if a", "%if b", "%else", "%endif", "%elif c", "%endif"]
    assert [(b.opening, b.branches, b.closing) for b in conditional.blocks(lines)] == [(1, [2], 3), (0, [4], 5)]


@pytest.mark.parametrize(("lines", "line"), [(["%endif"], 0), (["%if", "%if", "%endif"], 0), (["x", "%else"], 1)])
def test_unbalanced_conditionals(lines: list[str], line: int) -> None:
    with pytest.raises(conditional.UnbalancedError) as caught:
        conditional.blocks(lines)
    assert caught.value.line == line
